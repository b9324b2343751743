"""The domain's exceptions: what can go wrong, under which stable code, and whether trying again may help.

    ReelwrightError                 code, HTTP status, retryable, a sentence to act on
    ├── InvalidInput                422  one or more fields are wrong; names every one
    ├── Malformed                   400  the bytes of the request cannot be read
    ├── NotFound                    404  no such video, variant, job, file
    ├── UnsupportedMedia            415  not a container or codec that is taken
    ├── UnreadableMedia             422  a video by its container, but broken or without a picture
    ├── TooLarge                    413
    ├── NoSpace                     507
    ├── Busy                        503  with Retry-After
    ├── Conflict                    409  in_use, not_ready, finished, ...
    └── JobFailed                        a job's attempt failed: what the worker writes on the job
        ├── MediaProcessFailed           ffmpeg or a probe ended badly, stalled or ran over its budget
        ├── VerifyFailed                 the output is not what the plan promised
        └── LeaseLost                    another attempt owns the job now: stop, publish nothing

Codes are part of the API: they never change their meaning. `retryable` says whether the same work may succeed
if it is tried again on its own (the worker asks); a client may always ask for a retry.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field. `pointer`: a JSON pointer into the body ("/overlays/0/start"), or "?name" in the query.
    `code`: of the error that is behind it, where there is one."""

    pointer: str
    detail: str
    code: str | None = None


class ReelwrightError(Exception):
    """Something the client, or whoever reads the job, can be told about."""

    code: str = "error"
    status: ClassVar[int] = 500
    retryable: bool = False

    def __init__(self, detail: str, *, code: str | None = None, retry_after_s: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after_s = retry_after_s
        if code is not None:
            self.code = code

    @property
    def extra(self) -> dict[str, Any]:
        """Further members of the problem document."""
        return {}


class InvalidInput(ReelwrightError):
    code = "invalid_input"
    status = 422

    def __init__(self, errors: list[FieldError], *, detail: str | None = None) -> None:
        super().__init__(detail or "; ".join(": ".join(filter(None, (one.pointer, one.detail))) for one in errors))
        self.errors = errors

    @property
    def extra(self) -> dict[str, Any]:
        return {"errors": [_shown(error) for error in self.errors]}


def _shown(error: FieldError) -> dict[str, str]:
    shown = {"pointer": error.pointer, "detail": error.detail}
    return shown if error.code is None else {**shown, "code": error.code}


class Malformed(ReelwrightError):
    code = "malformed"
    status = 400


class NotFound(ReelwrightError):
    """`pointer`: the field of the request that names what is not there, if it was a field; `errors`: of several."""

    code = "not_found"
    status = 404

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        pointer: str | None = None,
        errors: list[FieldError] | None = None,
    ) -> None:
        super().__init__(detail, code=code)
        self.errors = errors if errors is not None else [FieldError(pointer, detail)] if pointer is not None else []

    @property
    def extra(self) -> dict[str, Any]:
        return {"errors": [_shown(error) for error in self.errors]} if self.errors else {}


class UnsupportedMedia(ReelwrightError):
    code = "unsupported_media"
    status = 415


class UnreadableMedia(ReelwrightError):
    code = "unreadable_media"
    status = 422


class TooLarge(ReelwrightError):
    code = "too_large"
    status = 413


class RequestTimeout(ReelwrightError):
    code = "request_timeout"
    status = 408


class NoSpace(ReelwrightError):
    code = "no_space"
    status = 507


class Busy(ReelwrightError):
    code = "busy"
    status = 503

    def __init__(self, detail: str, *, code: str | None = None, retry_after_s: int = 5) -> None:
        super().__init__(detail, code=code, retry_after_s=retry_after_s)


class Conflict(ReelwrightError):
    code = "conflict"
    status = 409

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        retry_after_s: int | None = None,
        job_ids: list[str] | None = None,
    ) -> None:
        super().__init__(detail, code=code, retry_after_s=retry_after_s)
        self.job_ids = job_ids

    @property
    def extra(self) -> dict[str, Any]:
        return {"job_ids": self.job_ids} if self.job_ids is not None else {}


@dataclass(frozen=True, slots=True)
class ProcessEvidence:
    """What a media process left behind: for the log in full, on the job without paths."""

    exit_status: int | None = None
    stderr_tail: str = ""
    command: tuple[str, ...] = field(default=())


class JobFailed(ReelwrightError):
    """An attempt at a job failed; `stage` is where ("fetch", "render", "verify", "publish"), `output_index` by which of
    several outputs, where it was one. `detail` is what happened, `sentence` what a client can do about it.

    `of_machine`: the machine, its disk or the database is to blame and not the job, which waits then and is not charged
    with it; `code` is one of HINDRANCES. `needs_bytes`: so much disk has to be free before it is worth another try.
    """

    code = "internal"
    advice: ClassVar[Mapping[str, str]] = {}
    """Sentences for codes whose detail only experts can make something of."""

    @property
    def sentence(self) -> str:
        return self.advice.get(self.code, self.detail)

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        stage: str = "render",
        retryable: bool | None = None,
        evidence: ProcessEvidence | None = None,
        output_index: int | None = None,
        of_machine: bool = False,
        needs_bytes: int | None = None,
    ) -> None:
        super().__init__(detail, code=code)
        self.stage = stage
        self.output_index = output_index
        self.evidence = evidence or ProcessEvidence()
        self.of_machine = of_machine
        self.needs_bytes = needs_bytes
        if retryable is not None or of_machine:
            self.retryable = of_machine or bool(retryable)


class MediaProcessFailed(JobFailed):
    """Codes: `ffmpeg_failed`, `source_damaged`, `crashed`, `killed`, `stalled`, `timed_out`, `limit_cpu`,
    `limit_output_size`, `out_of_memory`, `no_space`, `cannot_start`."""

    code = "ffmpeg_failed"
    advice = MappingProxyType(
        {
            "ffmpeg_failed": "This video could not be worked on, and trying again will not help. Export it once more in"
            " a usual format (H.264 and AAC in MP4) and upload that. ffmpeg's own words are in `error`."
        }
    )


class VerifyFailed(JobFailed):
    code = "verify_failed"
    advice = MappingProxyType(
        {
            "verify_failed": "What came out is not what the video's file promises, so it was thrown away: a part of the"
            " video is damaged, or the file describes itself wrongly. Cut out a part that plays well, or export the"
            " video once more (H.264 and AAC in MP4) and upload that. What was found is in `error`."
        }
    )

    def __init__(
        self, detail: str, *, evidence: ProcessEvidence | None = None, output_index: int | None = None
    ) -> None:
        super().__init__(detail, stage="verify", evidence=evidence, output_index=output_index)


class LeaseLost(JobFailed):
    code = "lease_lost"


HINDRANCES = {
    "no_space": "the disk is full, or less is free than DISK_RESERVE_BYTES",
    "storage": "a folder cannot be written or read: a read-only, broken or unmounted disk",
    "exhausted": "descriptors, processes or memory of the machine are used up",
    "cannot_start": "ffmpeg is missing or does not run here",
    "database": "the database cannot be reached, or takes no results",
    "killed": "somebody ended ffmpeg from outside",
    "busy": "files could not be examined, for others were",
}
"""What can keep a machine from work, by code: a job that meets one of them waits."""

_FULL = {errno.ENOSPC, errno.EDQUOT}
_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN}
_STORAGE = {
    *(errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM, errno.ESTALE, errno.ENODEV, errno.ENXIO, errno.ENOTCONN),
    *(errno.EREMOTEIO, errno.EHOSTDOWN, errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ETXTBSY, errno.EUCLEAN),
}


def hindrance(error: OSError | MemoryError) -> str | None:
    """The code in HINDRANCES of what the operating system refused; None where that says nothing of the machine."""
    if isinstance(error, MemoryError) or error.errno in _EXHAUSTED:
        return "exhausted"
    if error.errno in _FULL:
        return "no_space"
    return "storage" if error.errno in _STORAGE else None


def hindered(error: OSError | MemoryError, *, at: str, stage: str = "render") -> JobFailed | None:
    """The same as what an attempt fails with. `at`: what was worked on, in words."""
    code = hindrance(error)
    if code is None:
        return None
    said = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "no memory"
    detail = {
        "no_space": f"the disk of {at} is full ({said})",
        "storage": f"{at} cannot be used ({said})",
        "exhausted": f"the machine has nothing left to work with ({said})",
    }[code]
    return JobFailed(detail, code=code, stage=stage, of_machine=True)
