"""What a key looks like, and what routes need."""

from __future__ import annotations

import hashlib
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.access import key_format
from reelwright.access.scopes import Scope
from reelwright.api.http.authorization import FOR_ADMINS, PUBLIC, needed_scope
from reelwright.settings import Settings


def test_a_key_has_256_random_bits_and_a_checksum() -> None:
    keys = {key_format.mint() for _ in range(100)}
    assert len(keys) == 100
    for key in keys:
        assert key.startswith("rw_")
        assert len(key) == 54
        assert key_format.is_key(key)
        assert key_format.digest(key) == hashlib.sha256(key.encode()).digest()


@given(st.integers(0, 53), st.characters())
def test_one_wrong_character_is_found_without_asking_anybody(place: int, char: str) -> None:
    key = "rw_" + "A" * 43 + "0c2b5986"
    assert key_format.is_key(key)
    changed = key[:place] + char + key[place + 1 :]
    assert key_format.is_key(changed) is (changed == key)


@pytest.mark.parametrize("text", ["", "rw_", "Bearer", "rw_" + "A" * 51, "rw_" + "A" * 43 + "0C2B5986", "x" * 100_000])
def test_other_texts_are_no_keys(text: str) -> None:
    assert not key_format.is_key(text)


@pytest.mark.parametrize(
    ("options", "method", "scope"),
    [
        ({}, "GET", Scope.READ),
        ({}, "HEAD", Scope.READ),
        ({}, "POST", Scope.WRITE),
        ({}, "PATCH", Scope.WRITE),
        ({}, "DELETE", Scope.WRITE),
        ({}, "ANYTHING", Scope.WRITE),
        ({}, "OPTIONS", None),
        (PUBLIC, "GET", None),
        (FOR_ADMINS, "GET", Scope.ADMIN),
        (FOR_ADMINS, "DELETE", Scope.ADMIN),
    ],
)
def test_what_changes_something_needs_another_scope(
    options: dict[str, object], method: str, scope: Scope | None
) -> None:
    assert needed_scope(options, method) is scope


@pytest.mark.parametrize(
    ("auth", "app_host", "needed"),
    [
        ("auto", "127.0.0.1", False),
        ("auto", "localhost", False),
        ("auto", "::1", False),
        ("auto", "127.9.9.9", False),
        ("auto", "0.0.0.0", True),
        ("auto", "::", True),
        ("auto", "192.0.2.7", True),
        ("auto", "media.example.org", True),
        ("off", "0.0.0.0", False),
        ("keys", "127.0.0.1", True),
    ],
)
def test_keys_are_needed_where_others_can_come(
    auth: Literal["auto", "off", "keys"], app_host: str, needed: bool
) -> None:
    assert Settings(auth=auth, app_host=app_host).needs_keys is needed
