"""How the code lies: what a reader may rely on when looking for something."""

import ast
from collections import Counter
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULES = sorted([*(ROOT / "src").rglob("*.py"), *(ROOT / "workers").rglob("*.py")])
MAX_LINES = 350
LONGER = {
    "db/embedded/keeper.py": "one process from its start to its end, with what it must do in between",
    "reelwright/settings.py": "every setting, and nothing else",
}
"""Files that may be longer, with the reason."""


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_no_class_is_called_as_another() -> None:
    """A name that is searched for leads to one place."""
    names = Counter(node.name for path in MODULES for node in _parsed(path).body if isinstance(node, ast.ClassDef))
    assert [name for name, count in names.items() if count > 1] == []


def test_each_module_says_what_it_is_for() -> None:
    """In the first line of its docstring."""
    silent = [str(path) for path in MODULES if not (ast.get_docstring(_parsed(path)) or "").split("\n")[0]]
    assert silent == []


def test_files_are_short() -> None:
    """One that grows past this has an idea in it that wants a file of its own."""
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    long = [str(path) for path, lines in lengths.items() if lines > MAX_LINES]
    assert [path for path in long if not path.endswith(tuple(LONGER))] == []
