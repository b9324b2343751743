"""What may import what, beyond the layers of `make check`: no cycles, telemetry listens, the API writes no rows."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

API = Path(__file__).parents[2] / "src" / "reelwright" / "api"

WRITES = {"insert", "update", "delete"}
"""SQLAlchemy's words for statements that change rows."""


@pytest.fixture(scope="module")
def imports() -> dict[str, set[str]]:
    """Every module of ours, with those that it imports, be it within a function."""
    graph = grimp.build_graph("reelwright", "reelwright_worker", cache_dir=None)
    return {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}


def test_no_module_imports_itself_by_way_of_others(imports: dict[str, set[str]]) -> None:
    """A cycle would raise CycleError, which names it."""
    assert len(imports) > 200
    TopologicalSorter(imports).prepare()


def test_telemetry_knows_nothing_of_what_it_tells(imports: dict[str, set[str]]) -> None:
    """It is told of jobs, requests and disks; it asks none of those rooms."""
    known = {name for module, names in imports.items() if module.startswith("reelwright.telemetry") for name in names}
    rooms = {name.split(".")[1] for name in known if name.startswith("reelwright.")}
    assert rooms <= {"telemetry", "settings", "release"}


def test_the_api_writes_no_rows() -> None:
    """What a request does stands in jobs/ and library/, where every route and the second surface call it."""
    for path in API.rglob("*.py"):
        if "sqlalchemy" not in (text := path.read_text()) and "session." not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            place = f"{path.relative_to(API)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
                assert not WRITES & {name.name for name in node.names}, place
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                assert ast.unparse(node.func) not in ("session.add", "session.add_all", "session.delete"), place


def test_what_a_request_does_knows_nothing_of_http(imports: dict[str, set[str]]) -> None:
    """Nothing below the API and the worker imports either."""
    above = ("reelwright.api", "reelwright.cli", "reelwright.up", "reelwright.demo", "reelwright.doctor")
    below = {module: names for module, names in imports.items() if not module.startswith((*above, "reelwright_worker"))}
    for module, names in below.items():
        wrong = {name for name in names if name.startswith(("reelwright.api", "reelwright_worker"))}
        assert not wrong or module == "reelwright.__main__", (module, wrong)
