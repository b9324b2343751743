"""What the document shows of uploads that come in several requests; as in examples.py."""

from __future__ import annotations

from typing import Any

from reelwright.api.http.tus import ALGORITHMS, CONTENT_TYPE, VERSION, WrongVersion
from reelwright.api.openapi.examples import NOW, VIDEO_ID
from reelwright.errors import (
    Busy,
    Conflict,
    Malformed,
    NoSpace,
    RequestTimeout,
    TooLarge,
    UnreadableMedia,
    UnsupportedMedia,
)
from reelwright.library.resumable_upload_writers import OffsetMismatch, UploadChecksumMismatch
from reelwright.library.resumable_uploads import TooManyUploads

UPLOAD_ID = "0199f0d6-33cc-7d43-8e30-1f0e9d8c7b6a"
UPLOAD: dict[str, Any] = {
    "id": UPLOAD_ID,
    "state": "stored",
    "offset": 1055736,
    "size_bytes": 1055736,
    "filename": "holiday.mp4",
    "is_part": False,
    "video_id": VIDEO_ID,
    "video_url": f"/videos/{VIDEO_ID}",
    "problem": None,
    "created_at": NOW,
    "expires_at": "2026-11-22T10:15:31.123456Z",
    "events_url": f"/uploads/{UPLOAD_ID}/events",
}

TUS_HEADERS = {"Tus-Resumable": f"The version of tus that the client speaks: {VERSION}."}
_OF_BYTES = {
    "Upload-Checksum": f"Of the bytes of this request: {', '.join(ALGORITHMS)}, a space, and the digest in Base64.",
}
CREATION_HEADERS = {
    **TUS_HEADERS,
    "Upload-Length": "Bytes of the whole file.",
    "Upload-Defer-Length": "1: the length is said later, with a PATCH.",
    "Upload-Metadata": "Names with values in Base64: `filename`, and the fields of `POST /videos/upload` (`title`,"
    " `tags`, `external_id`, `metadata`). Others are told again, and mean nothing.",
    "Upload-Concat": "`partial`, or `final;` and the addresses of parts.",
    "Content-Type": f"`{CONTENT_TYPE}` where bytes come with it.",
    **_OF_BYTES,
}
APPEND_HEADERS = {
    **TUS_HEADERS,
    "Upload-Offset": "How many bytes are there already.",
    "Upload-Length": "Bytes of the whole file, where that was not said before.",
    **_OF_BYTES,
}
TUS_ERRORS = [WrongVersion(f"Send the header `Tus-Resumable: {VERSION}`.")]
_REFUSALS = [
    UnsupportedMedia("The file is no video that is taken."),
    UnreadableMedia("The file is damaged: reading it failed."),
]
CREATION_ERRORS = [
    *TUS_ERRORS,
    Malformed("The header Upload-Length is missing."),
    Conflict("not a whole part of an upload"),
    TooLarge("The file is larger than 10737418240 bytes."),
    TooManyUploads("There are 1000 unfinished uploads already.", retry_after_s=60),
    NoSpace("there is no room for 1055736 more bytes on the storage disk"),
    *_REFUSALS,
]
APPEND_ERRORS = [
    *TUS_ERRORS,
    Malformed("The header Upload-Offset is missing."),
    OffsetMismatch(524288),
    Conflict("Another request has taken the upload over: ask it for its offset, and go on there."),
    TooLarge("The upload is larger than is taken."),
    UploadChecksumMismatch("The bytes are not those that Upload-Checksum promises; send them anew."),
    RequestTimeout("Nothing came for 60 seconds."),
    Busy("A part of the service cannot be reached now."),
    NoSpace("the storage disk is full"),
    *_REFUSALS,
]
