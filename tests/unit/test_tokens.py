"""What a token looks like, what it may be for, when it ends, and what of it logs may say."""

from __future__ import annotations

import datetime
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.access import key_format, token_format
from reelwright.access.token_purposes import Purpose, Subject
from reelwright.access.tokens import WantedToken, end_of, faults
from reelwright.api.http.redacted_paths import shown

ID = uuid.UUID("0199f0d2-7a51-7c3e-9b60-3f1f1a2b4c5d")
KEY = "rw_" + "A" * 43 + "0c2b5986"
SECRET = token_format.secret_of(ID, KEY)
TOKEN = token_format.write(ID, SECRET)


def test_a_token_is_its_id_and_a_secret_that_its_key_can_make_again() -> None:
    assert len(TOKEN) == 68
    assert token_format.read(TOKEN) == (ID, SECRET)
    assert token_format.secret_of(ID, KEY) == SECRET
    others = {token_format.secret_of(uuid.uuid4(), KEY), token_format.secret_of(ID, key_format.mint())}
    random = {token_format.secret_of(ID, None) for _ in range(10)}
    assert len(others | random | {SECRET}) == 13


@given(st.integers(0, len(TOKEN) - 1), st.characters() | st.sampled_from("ABCXYZabcxyz0189-_"))
def test_a_token_of_which_one_character_is_changed_opens_nothing(place: int, char: str) -> None:
    """No two texts are the same token: a changed one is of another id, or has another secret."""
    changed = TOKEN[:place] + char + TOKEN[place + 1 :]
    read = token_format.read(changed)
    is_good = read is not None and read[0] == ID and token_format.is_secret(read[1], token_format.digest(SECRET))
    assert is_good is (changed == TOKEN)


@given(st.text() | st.binary().map(lambda data: data.decode("latin-1")))
def test_other_texts_are_no_tokens(text: str) -> None:
    assert token_format.read(text) is None
    assert token_format.read(TOKEN + text[:1]) is None or not text


@given(st.sampled_from(Purpose), st.none() | st.sampled_from([Subject.VIDEO, Subject.VARIANT, Subject.JOB]))
def test_a_token_is_for_what_its_purpose_can_be_for(purpose: Purpose, subject: Subject | None) -> None:
    wanted = WantedToken(purpose, subject, ID if subject else None, None, 60)
    fits = subject in purpose.subjects or (subject is None and not purpose.subjects)
    assert (faults(wanted, max_life_s=60, max_bytes=1) == []) is fits


@pytest.mark.parametrize(
    ("wanted", "pointer"),
    [
        (WantedToken(Purpose.UPLOAD, None, None, 11, 60), "/max_bytes"),
        (WantedToken(Purpose.PLAY, Subject.VARIANT, ID, 5, 60), "/max_bytes"),
        (WantedToken(Purpose.UPLOAD, None, None, None, 61), "/expires_in_s"),
    ],
)
def test_what_is_too_much_is_named(wanted: WantedToken, pointer: str) -> None:
    assert [error.pointer for error in faults(wanted, max_life_s=60, max_bytes=10)] == [pointer]


@given(
    st.sampled_from(Purpose),
    st.integers(1, 10**6),
    st.floats(1.6e9, 4e9).map(lambda at: datetime.datetime.fromtimestamp(at, datetime.UTC)),
)
def test_a_token_never_lives_longer_than_was_asked_for(purpose: Purpose, life_s: int, now: datetime.datetime) -> None:
    """One that is an address ends at a round moment, in the last quarter of its life."""
    end = end_of(WantedToken(purpose, None, None, None, life_s), now)
    lived_s = (end - now).total_seconds()
    assert lived_s <= life_s + 1e-6
    assert lived_s > life_s - max(1, life_s // 4) - 1e-6
    if purpose.is_address:
        later = end_of(WantedToken(purpose, None, None, None, life_s), now + datetime.timedelta(seconds=life_s / 8))
        assert (later - end).total_seconds() in (0, max(1, life_s // 4))


@given(st.sampled_from(["", "/video", "/"]), st.text(st.characters(blacklist_characters="/"), min_size=1))
def test_no_path_is_shown_with_its_token(root: str, token: str) -> None:
    path = f"{root}/signed/{token}/variants/{ID}/files/master.m3u8"
    assert shown(path) == f"{root}/signed/_/variants/{ID}/files/master.m3u8"
    assert shown(f"/videos/{ID}") == f"/videos/{ID}"
