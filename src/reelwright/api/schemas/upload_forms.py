"""What requests say of a video or an asset beside its bytes, as text: fields of a form, of a query, of a tus client's
metadata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from reelwright.api.http.json_body import read_json
from reelwright.api.schemas.base import Body
from reelwright.api.schemas.keeping import AssetSaidIn, VideoSaidIn
from reelwright.api.schemas.labels import labels_of
from reelwright.errors import FieldError, InvalidInput
from reelwright.library.uploads import SaidOfVideo

FORM_FIELDS, REPEATED_FORM_FIELDS = VideoSaidIn.__struct_fields__, ("tags",)
ASSET_FORM_FIELDS = AssetSaidIn.__struct_fields__
Said = TypeVar("Said", bound=Body)


def said_in_form(fields: Mapping[str, Sequence[str]]) -> SaidOfVideo:
    """Return what text fields say; an empty one says nothing. `tags` comes once for each tag, or once as a list in
    JSON; `metadata` is JSON.

    Raises InvalidInput that names every wrong field.
    """
    said = _read(fields, VideoSaidIn)
    return SaidOfVideo(labels_of(said), said.keep_s)


def said_in_metadata(pairs: Mapping[str, str]) -> SaidOfVideo:
    """Return what a tus client's metadata says of the video. Raises InvalidInput."""
    return said_in_form({name: [pairs[name]] for name in FORM_FIELDS if name in pairs})


def keep_s_in_form(fields: Mapping[str, Sequence[str]]) -> int | None:
    """Return for how long text fields say that an asset is kept, seconds; as `said_in_form`."""
    return _read(fields, AssetSaidIn).keep_s


def _read(fields: Mapping[str, Sequence[str]], shape: type[Said]) -> Said:
    plain: dict[str, Any] = {}
    errors: list[FieldError] = []
    for name, texts in fields.items():
        if given := [text for text in texts if text]:
            try:
                plain[name] = _value(name, given)
            except (msgspec.DecodeError, RecursionError) as error:
                errors.append(FieldError(f"/{name}", f"is not JSON: {error}"))
    if errors:
        raise InvalidInput(errors)
    said: Said = read_json(msgspec.json.encode(plain), shape)
    return said


def _value(name: str, texts: Sequence[str]) -> Any:
    if name in ("metadata", "keep_s") or (name == "tags" and len(texts) == 1 and texts[0].lstrip()[:1] == "["):
        return msgspec.json.decode(texts[0])
    return list(texts) if name == "tags" else texts[0]
