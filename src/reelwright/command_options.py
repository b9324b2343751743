"""Options of commands whose value has parts: a name and a number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click


class NamedNumber(click.ParamType[tuple[str, int | None]]):
    """`jobs_per_minute=60`; `=default`, which is None: as the settings say.

    `name`: what the number is; `names`: those there are; `most`: the largest; `meaning`: of the number, for who gave
    another.
    """

    def __init__(self, name: str, names: Sequence[str], most: int, meaning: str) -> None:
        self.name = name
        self._names, self._most, self._meaning = names, most, meaning

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int | None]:
        what, _, number = str(value).partition("=")
        if what not in self._names:
            self.fail(f"{what!r} is none of {', '.join(self._names)}", param, ctx)
        if number == "default":
            return what, None
        if not (number.isascii() and number.isdigit()) or int(number) > self._most:
            self.fail(f"{what}={number}: {self._meaning}, or `default` for what the settings say", param, ctx)
        return what, int(number)
