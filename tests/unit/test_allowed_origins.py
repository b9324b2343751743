"""Which pages may read what is refused before the application; and that no such refusal is forgotten."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import reelwright.api
from reelwright.api.http.allowed_origins import AllowedOrigins

ONE, OTHER = b"https://app.example", b"https://other.example"
TOLD = [
    (b"access-control-allow-origin", ONE),
    (b"access-control-expose-headers", b"ETag, Retry-After"),
    (b"vary", b"Origin"),
]


def pages(*origins: bytes) -> AllowedOrigins:
    return AllowedOrigins([origin.decode() for origin in origins], ["Retry-After", "ETag"])


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([(b"origin", ONE)], TOLD),
        ([(b"host", b"localhost"), (b"origin", ONE)], TOLD),
        ([(b"origin", b"https://evil.test")], []),
        ([(b"origin", ONE + b".evil.test")], []),
        ([(b"origin", b"null")], []),
        ([(b"origin", ONE), (b"origin", ONE)], []),
        ([], []),
    ],
)
def test_the_origin_that_asks_is_named_if_it_is_allowed(given: list[tuple[bytes, bytes]], told: object) -> None:
    assert pages(ONE, OTHER).headers(given) == told
    assert pages().headers(given) == []


def test_of_half_a_head_the_only_origin_that_is_allowed_is_named() -> None:
    """Where there are several, nobody knows."""
    assert pages(ONE).headers([], is_whole=False) == TOLD
    assert pages(ONE, OTHER).headers([], is_whole=False) == []
    assert pages(ONE, OTHER).headers([(b"origin", ONE)], is_whole=False) == TOLD
    assert pages(ONE).headers([(b"origin", b"https://evil.test")], is_whole=False) == []
    assert pages().headers([], is_whole=False) == []


def test_a_page_that_is_allowed_may_ask_what_it_may_send() -> None:
    asks = [(b"origin", ONE), (b"access-control-request-method", b"POST")]
    assert pages(ONE).is_preflight("OPTIONS", asks)
    assert not pages(ONE).is_preflight("POST", asks)
    assert not pages(ONE).is_preflight("OPTIONS", asks[:1])
    assert not pages(OTHER).is_preflight("OPTIONS", asks)


def test_whoever_answers_outside_of_the_application_lets_pages_read_it() -> None:
    """Every function that makes such an answer asks which headers they need."""
    makes, asks = set(), set()
    for path in Path(reelwright.api.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                called = {ast.unparse(call.func) for call in ast.walk(node) if isinstance(call, ast.Call)}
                if "closing_answer" in called:
                    makes.add((path.name, node.name))
                if any(name.endswith("pages.headers") for name in called):
                    asks.add((path.name, node.name))
    assert makes == asks
    assert len(makes) >= 3
