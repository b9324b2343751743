"""Which known name was perhaps meant ("did you mean"), and what is said of one that nobody knows. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

MAX_NAMED = 20


def nearest(name: str, known: Iterable[str], *, how_near: float = 0.75) -> str | None:
    """Return the known name that was perhaps meant."""
    matches = get_close_matches(name, list(known), n=1, cutoff=how_near)
    return matches[0] if matches else None


def perhaps(names: Iterable[str], known: Iterable[str]) -> str:
    """Return what is to be said behind names none of which is known: those that were perhaps meant, if any."""
    known = tuple(known)
    meant = [near for name in names if (near := nearest(name, known, how_near=0.6))]
    return f" ({', '.join(meant)} perhaps?)" if meant else ""


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
