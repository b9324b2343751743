"""The domain's exceptions: what can go wrong, under which stable code, in a sentence to act on.

    ReelwrightError                 the status of each is that of its code in error_codes.py
    ├── InvalidInput                422  one or more fields are wrong; names every one
    ├── Malformed                   400  the bytes of the request cannot be read
    ├── NotFound                    404  no such video, variant, job, file
    ├── UnsupportedMedia            415  not a container or codec that is taken
    ├── UnreadableMedia             422  a video by its container, but broken or without a picture
    ├── ChecksumMismatch            422  an upload is not the file that was declared
    ├── TooLarge                    413
    ├── RequestTimeout              408
    ├── NoSpace                     507  of the disk
    ├── ExceedsMachines             422  no machine could ever make it
    ├── QuotaExceeded               507  of the project's own
    ├── RateLimited                 429  with Retry-After
    ├── Busy                        503  with Retry-After
    ├── Conflict                    409  in_use, not_ready, finished, ...
    ├── AddressRefused              422  an address that a client names is not one that is connected to
    ├── RemoteRefused               422  what answers there has no file for us, and will not have one
    ├── RemoteUnavailable           422  nothing answers there, or not to the end: another try may help
    ├── RemoteStalled               422  it answers too slowly
    └── JobFailed                        a job's attempt failed: what the worker writes on the job
        ├── MediaProcessFailed           ffmpeg or a probe ended badly, stalled or ran over its budget
        ├── VerifyFailed                 the output is not what the plan promised
        └── LeaseLost                    another attempt owns the job now: stop, publish nothing

Whether a failed job is tried again on its own (`JobFailed.retryable`) is the code's, too; a client may always ask for a
retry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

from reelwright.error_codes import ERROR_CODES


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field. `pointer`: a JSON pointer into the body ("/overlays/0/start"), or "?name" in the query.
    `code`: of the error that is behind it, where there is one."""

    pointer: str
    detail: str
    code: str | None = None


class ReelwrightError(Exception):
    """Something the client, or whoever reads the job, can be told about.

    `code`: of the class, or a finer one of the instance. `status`: the HTTP status of the class's code, where the class
    names no other.
    """

    code: str = "error"
    status: ClassVar[int] = 500

    def __init_subclass__(cls) -> None:
        if cls.code in ERROR_CODES and "status" not in vars(cls):
            cls.status = ERROR_CODES[cls.code].status

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

    def __init__(self, errors: list[FieldError], *, detail: str | None = None) -> None:
        super().__init__(
            detail or "; ".join(": ".join(filter(None, (error.pointer, error.detail))) for error in errors)
        )
        self.errors = errors

    @property
    def extra(self) -> dict[str, Any]:
        return {"errors": [_shown(error) for error in self.errors]}


def _shown(error: FieldError) -> dict[str, str]:
    shown = {"pointer": error.pointer, "detail": error.detail}
    return shown if error.code is None else {**shown, "code": error.code}


class Malformed(ReelwrightError):
    code = "malformed"


class NotFound(ReelwrightError):
    """`pointer`: the field of the request that names what is not there, if it was a field; `errors`: of several."""

    code = "not_found"

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


class UnreadableMedia(ReelwrightError):
    code = "unreadable_media"


class ChecksumMismatch(ReelwrightError):
    code = "checksum_mismatch"


class TooLarge(ReelwrightError):
    code = "too_large"


class RequestTimeout(ReelwrightError):
    code = "request_timeout"


class NoSpace(ReelwrightError):
    code = "no_space"


class ExceedsMachines(ReelwrightError):
    code = "exceeds_machines"


class QuotaExceeded(ReelwrightError):
    code = "quota_exceeded"


class RateLimited(ReelwrightError):
    """A limit of the key or of its project; `retry_after_s`: when it is worth coming back; `headers` tell more."""

    code = "rate_limited"

    def __init__(self, detail: str, *, retry_after_s: int, headers: Mapping[str, str] = MappingProxyType({})) -> None:
        super().__init__(detail, retry_after_s=max(1, retry_after_s))
        self.headers = headers


class Busy(ReelwrightError):
    code = "busy"

    def __init__(self, detail: str, *, code: str | None = None, retry_after_s: int = 5) -> None:
        super().__init__(detail, code=code, retry_after_s=retry_after_s)


class Conflict(ReelwrightError):
    code = "conflict"

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


class AddressRefused(ReelwrightError):
    code = "address_refused"


class RemoteRefused(ReelwrightError):
    code = "remote_refused"


class RemoteUnavailable(ReelwrightError):
    code = "remote_unavailable"


class RemoteStalled(ReelwrightError):
    code = "remote_stalled"


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
    with it; `code` is one of error_codes.HINDRANCES then. `needs_bytes`: so much disk has to be free before it is worth
    another try.
    """

    code = "internal"
    advice: ClassVar[Mapping[str, str]] = {}
    """Sentences for codes whose detail only experts can make something of."""
    checks: Sequence[Mapping[str, Any]] = ()
    """What a made file was held to and is not."""

    @property
    def sentence(self) -> str:
        return self.advice.get(self.code, self.detail)

    @property
    def retryable(self) -> bool:
        """Whether the same job may succeed when it is tried again on its own."""
        return self.of_machine or (self.code in ERROR_CODES and ERROR_CODES[self.code].retryable)

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        stage: str = "render",
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


class MediaProcessFailed(JobFailed):
    """A process that touches media could not be started, ended badly, or had to be ended."""

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
        self,
        detail: str,
        *,
        evidence: ProcessEvidence | None = None,
        output_index: int | None = None,
        checks: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(detail, stage="verify", evidence=evidence, output_index=output_index)
        self.checks = checks


class LeaseLost(JobFailed):
    code = "lease_lost"
