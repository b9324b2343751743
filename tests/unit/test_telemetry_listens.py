"""Telemetry listens: what a worker does never depends on what was told of it."""

from __future__ import annotations

import ast
from pathlib import Path

from reelwright_worker.attempt_telemetry import AttemptTelemetry

WORKERS = Path(__file__).parents[2] / "workers"


def _is_telemetry(node: ast.expr) -> bool:
    return (isinstance(node, ast.Name) and node.id == "telemetry") or (
        isinstance(node, ast.Attribute) and node.attr == "telemetry"
    )


def test_nothing_is_asked_of_an_attempts_telemetry() -> None:
    """It is told by calls whose answer nobody takes; it has no attribute that could be read or set."""
    told: set[str] = set()
    for path in WORKERS.rglob("*.py"):
        tree = ast.parse(path.read_text())
        statements = {
            id(node.value.func)
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and _is_telemetry(node.value):
                assert id(node) in statements, f"{path.name}:{node.lineno} asks for {node.attr}"
                told.add(node.attr)
    assert told == {"planned", "stage", "stage_again"}
    assert {name for name in vars(AttemptTelemetry) if not name.startswith("_")} == told
