"""What is said of a name that nobody knows: the one that was perhaps meant, else those that there are."""

from __future__ import annotations

from collections.abc import Iterable

from reelwright.setting_parsers import nearest

MAX_NAMED = 20


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """A sentence for the client. `kind`: what it would be, as "field"."""
    names = list(known)
    if meant := nearest(name, names) or _of_the_same_words(name, names):
        return f"unknown {kind}, {meant} perhaps?"
    if not names:
        return f"unknown {kind}: none is taken here"
    return f"unknown {kind}; there is {', '.join(names)}" if len(names) <= MAX_NAMED else f"unknown {kind}"


def _of_the_same_words(name: str, known: list[str]) -> str | None:
    """The only known name with the same words and more, or with some of them: "size" for `font_size`, "start_time" for
    `start`."""
    words = _words(name)
    alike = [name for name in known if words and (words <= _words(name) or _words(name) <= words)]
    return alike[0] if len(alike) == 1 else None


def _words(name: str) -> set[str]:
    return set(name.lower().replace("-", "_").split("_")) - {""}
