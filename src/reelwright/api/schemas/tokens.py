"""The JSON of tokens."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Annotated, Any, TypeAlias

import msgspec
from litestar.params import QueryParameter
from msgspec import Meta

from reelwright.access.token_purposes import Purpose, Subject
from reelwright.access.tokens import USUAL_LIFE_S, NewToken, WantedToken
from reelwright.api.http.addresses import Addresses
from reelwright.api.schemas.base import Body, Page, Timestamp
from reelwright.db.models import Token
from reelwright.edits.streaming import DASH_MANIFEST, HLS_MASTER
from reelwright.errors import FieldError, InvalidInput

TokenInQuery: TypeAlias = Annotated[
    str | None,
    QueryParameter(max_length=200, description="A token for it, for `EventSource`, which cannot send headers."),
]

_FOR = {
    Subject.VIDEO: "The video that it is for: to `read` or `download`.",
    Subject.VARIANT: "The variant that it is for: to `play` or `download`.",
    Subject.JOB: "The job that it is for: to `read`.",
}


class TokenIn(Body, frozen=True, kw_only=True):
    """A new token: for one purpose, and one thing."""

    purpose: Annotated[
        Purpose,
        Meta(
            description="`upload`: send one file. `read`: look one video up, or follow one job. `play`: every file of"
            " one variant. `download`: the file of one video or variant."
        ),
    ]
    video_id: Annotated[uuid.UUID | None, Meta(description=_FOR[Subject.VIDEO])] = None
    variant_id: Annotated[uuid.UUID | None, Meta(description=_FOR[Subject.VARIANT])] = None
    job_id: Annotated[uuid.UUID | None, Meta(description=_FOR[Subject.JOB])] = None
    max_bytes: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(description="To `upload`: so large a file at most. Null: MAX_UPLOAD_BYTES."),
    ] = None
    expires_in_s: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(
            description="So long it is good at most, seconds. Null: an hour. Signed addresses end at round moments, at"
            " the earliest after three quarters of it: who asks meanwhile gets the same one, so that caches find it."
        ),
    ] = None

    def wanted(self, max_life_s: int) -> WantedToken:
        """Raises InvalidInput where it names several things."""
        ids = {Subject.VIDEO: self.video_id, Subject.VARIANT: self.variant_id, Subject.JOB: self.job_id}
        named = [(subject, one) for subject, one in ids.items() if one is not None]
        if len(named) > 1:
            raise InvalidInput(
                [FieldError(f"/{subject}_id", "one thing is named, not several") for subject, _ in named]
            )
        subject, subject_id = named[0] if named else (None, None)
        life_s = min(USUAL_LIFE_S, max_life_s) if self.expires_in_s is None else self.expires_in_s
        return WantedToken(self.purpose, subject, subject_id, self.max_bytes, life_s)


class TokenOut(msgspec.Struct, frozen=True, kw_only=True):
    """A token, without the token itself."""

    id: uuid.UUID
    purpose: Purpose
    video_id: Annotated[uuid.UUID | None, Meta(description="The video that it is for, or that its upload became.")]
    upload_id: Annotated[uuid.UUID | None, Meta(description="The upload in several requests that it was used for.")]
    variant_id: uuid.UUID | None
    job_id: uuid.UUID | None
    max_bytes: int | None
    key_id: Annotated[
        uuid.UUID | None, Meta(description="The key that made it, with which it ends. Null: none was needed.")
    ]
    created_at: Timestamp
    expires_at: Timestamp
    revoked_at: Timestamp | None
    used_at: Annotated[
        Timestamp | None, Meta(description="When an upload used it up. Others are used as often as one likes.")
    ]

    @classmethod
    def of(cls, row: Token) -> TokenOut:
        return cls(**_shown(row))


class TokenMade(TokenOut, frozen=True, kw_only=True):
    """A token, as it is told to who makes it."""

    token: Annotated[
        str,
        Meta(
            description="The token itself: to be sent as `Authorization: Bearer`, or as a part of the addresses below."
        ),
    ]
    url: Annotated[
        str,
        Meta(
            description="Where it leads, on this host, from the slash on. `upload`: where to send the file. `read`: the"
            " video, or the job's events, for `EventSource`. `play`: the variant's main file, beside which the others"
            " are found by their names. `download`: the file, to be saved."
        ),
    ]
    hls_url: Annotated[str | None, Meta(description="`play`: the HLS playlist, where the variant has one.")]
    dash_url: Annotated[str | None, Meta(description="`play`: the DASH manifest, where the variant has one.")]

    @classmethod
    def new(cls, made: NewToken, addresses: Addresses, *, main: str = "", names: Collection[str] = ()) -> TokenMade:
        """`main`, `names`: of the variant that may be played, its main file's name and those of all."""
        row, signed = made.row, addresses.signed(made.text)

        def file(name: str) -> str | None:
            return signed.variant_file(row.subject_id, name) if row.subject_id and name in names else None

        return cls(
            token=made.text,
            url=file(main) or _place(made, addresses),
            hls_url=file(HLS_MASTER),
            dash_url=file(DASH_MANIFEST),
            **_shown(row),
        )


class TokenPage(Page[TokenOut], frozen=True, kw_only=True):
    """One page of tokens."""


class Revoked(msgspec.Struct, frozen=True):
    """What became of tokens."""

    revoked: Annotated[int, Meta(description="So many were good until now.")]


def _place(made: NewToken, addresses: Addresses) -> str:
    row, signed = made.row, addresses.signed(made.text)
    if row.purpose == Purpose.UPLOAD or row.subject_id is None:
        return addresses.video_upload
    match Purpose(row.purpose), row.subject:
        case Purpose.READ, Subject.JOB:
            return f"{addresses.events(row.subject_id)}?token={made.text}"
        case Purpose.READ, _:
            return addresses.video(row.subject_id)
        case _, Subject.VIDEO:
            return signed.video_download(row.subject_id)
        case _:
            return signed.variant_download(row.subject_id)


def _shown(row: Token) -> dict[str, Any]:
    same = ("id", "max_bytes", "key_id", "created_at", "expires_at", "revoked_at", "used_at")
    ids = {f"{kind}_id": row.subject_id if kind == row.subject else None for kind in Subject}
    return {"purpose": Purpose(row.purpose), **ids, **{name: getattr(row, name) for name in same}}
