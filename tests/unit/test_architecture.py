"""How the code lies: what a reader may rely on when looking for something."""

import re
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
def _texts() -> dict[Path, str]:
    return {path: path.read_text(encoding="utf-8") for path in MODULES}


def test_no_class_is_called_as_another() -> None:
    """A name that is searched for leads to one place."""
    names = Counter(name for text in _texts().values() for name in re.findall(r"^class (\w+)", text, re.MULTILINE))
    assert len(names) > 200
    assert [name for name, count in names.items() if count > 1] == []


def test_each_module_says_what_it_is_for() -> None:
    """In the first line of its docstring, which is its own first."""
    silent = [str(path) for path, text in _texts().items() if not re.match(r'(#!.*\n)?"""\S', text)]
    assert silent == []


def test_files_are_short() -> None:
    """One that grows past this has an idea in it that wants a file of its own."""
    lengths = {path: len(text.splitlines()) for path, text in _texts().items()}
    long = [str(path) for path, lines in lengths.items() if lines > MAX_LINES]
    assert [path for path in long if not path.endswith(tuple(LONGER))] == []
