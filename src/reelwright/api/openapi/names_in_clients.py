"""What generated clients call things: operations by their ids, the words of enumerations that begin with no letter."""

from __future__ import annotations

from typing import Any

from litestar.handlers import HTTPRouteHandler


def name_words(part: Any) -> None:
    """Tells generators what to call the words of enumerations that begin with no letter: "720p" is P720 in Python. In
    place, all over a document."""
    if isinstance(part, dict):
        words = part.get("enum")
        if (
            isinstance(words, list)
            and all(isinstance(word, str) for word in words)
            and not all(word and word[0].isalpha() for word in words)
        ):
            part["x-enum-varnames"] = [_variable_name(word) for word in words]
        for inner in part.values():
            name_words(inner)
    elif isinstance(part, list):
        for inner in part:
            name_words(inner)


def _variable_name(word: str) -> str:
    if word[0] == "-":  # as in `order`
        return f"{word[1:].upper()}_DESCENDING"
    number = "".join(char for char in word if char.isdigit())
    return word.replace(number, "").upper() + number if word[0].isdigit() else word.upper()


def operation_id(handler: HTTPRouteHandler, method: str, _: object) -> str:
    """What generated clients call a route: its tag and its handler's name, `videos_get_video`. For OpenAPIConfig."""
    name = "_".join([*handler.resolve_tags(), handler.handler_name])
    return f"{name}_head" if method == "HEAD" else name
