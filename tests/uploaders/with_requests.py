"""python with_requests.py ADDRESS FILE TOKEN: sends it as one PUT, and writes as with_tuspy.py."""

import json
import sys
import time
from pathlib import Path

import requests

address, file, token = sys.argv[1:]
began = time.perf_counter()
with Path(file).open("rb") as body:
    answer = requests.put(address, data=body, headers={"Authorization": f"Bearer {token}"}, timeout=600)
answer.raise_for_status()
print(json.dumps({"video_id": answer.json()["id"], "took_s": time.perf_counter() - began}))
