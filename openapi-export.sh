#!/usr/bin/env bash
set -euo pipefail
curl -fsS "${1:-http://localhost:8000}/openapi.json" -o openapi.json
echo "openapi.json exported."
