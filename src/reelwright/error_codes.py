"""Every error code in one table: the HTTP status it is answered with, what it means, whether its job is tried again.

A code is part of the API: it never changes its meaning. `errors.py`, the problem documents, `/docs/errors` and
`docs/error-codes.md` are made from the rows below; a new code is a row here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorCode:
    """One code. A code that both answers a request and ends a job has a sentence for either.

    `status`: the HTTP status that it is answered with. `answer`: what it means in a problem document. `failure`: what
    it means as the `error.code` of a job. `retryable`: the same job may succeed when it is tried again on its own, so
    it is, until its budget of failures is used up. `hindrance`: what it says of a machine that cannot work; a job that
    meets it waits until that has passed, and no failure is counted.
    """

    status: int = 500
    answer: str = ""
    failure: str = ""
    retryable: bool = False
    hindrance: str = ""

    @property
    def tried_again(self) -> str:
        """Return, in a word, what becomes of a job that fails with the code."""
        return "yes" if self.retryable else "waits" if self.hindrance else "no"


ERROR_CODES: dict[str, ErrorCode] = {
    "exceeds_machines": ErrorCode(
        status=422,
        answer="No worker's machine could ever make it, even if nothing else ran and its disk were empty; `detail` has"
        " what it needs, what there is, and the setting.",
    ),
    "malformed": ErrorCode(
        status=400, answer="The bytes of the request cannot be read: broken JSON, bad UTF-8, a cut upload."
    ),
    "unauthorized": ErrorCode(status=401, answer="Valid credentials are needed."),
    "forbidden": ErrorCode(status=403, answer="The credentials do not allow this."),
    "cross_origin": ErrorCode(
        status=403, answer="The request comes from a page of another site, whose origin is not in CORS_ORIGINS."
    ),
    "not_found": ErrorCode(
        status=404,
        answer="There is nothing under this address or id, be it malformed or not; `errors` names a field.",
    ),
    "job_failure": ErrorCode(status=404, answer="The job has no result: it failed; `detail` has the reason."),
    "job_cancelled": ErrorCode(status=404, answer="The job has no result: it was cancelled."),
    "result_deleted": ErrorCode(
        status=404, answer="The job's result, or the one of the wanted quality, was deleted or never made."
    ),
    "asset_missing": ErrorCode(
        status=404,
        answer="There is no such picture in the assets folder, or no such stored video."
        " Outside of `/api/v1` a wrong field.",
    ),
    "file_missing": ErrorCode(
        status=404,
        answer="The record is there, but its file is gone from the storage.",
        failure="the source's file is missing from the storage",
    ),
    "method_not_allowed": ErrorCode(
        status=405, answer="The address does not take this method; `Allow` names those that it takes."
    ),
    "request_timeout": ErrorCode(status=408, answer="The request, or the upload, came too slowly."),
    "conflict": ErrorCode(status=409, answer="The state of the thing does not allow this now."),
    "in_use": ErrorCode(status=409, answer="Unfinished jobs read it; `job_ids` names them."),
    "request_under_way": ErrorCode(
        status=409,
        answer="A request with the same `Idempotency-Key` is being answered; `Retry-After` says when to send it again,"
        " for the same answer.",
    ),
    "not_ready": ErrorCode(status=409, answer="The job is not finished; `Retry-After` says when to look again."),
    "finished": ErrorCode(status=409, answer="The job has ended already."),
    "has_results": ErrorCode(
        status=409, answer="What the job made is there still: the job tells how, and goes `with_results` alone."
    ),
    "not_retryable": ErrorCode(status=409, answer="Only a job that failed or was cancelled can be retried."),
    "input_gone": ErrorCode(
        status=409, answer="What the job works on was deleted.", failure="the source was deleted from the library"
    ),
    "offset_mismatch": ErrorCode(
        status=409, answer="The upload is at another offset; ask for it by HEAD, and go on there."
    ),
    "events_gone": ErrorCode(
        status=410, answer="What followed that number of the log is not kept any more, or the log is another one."
    ),
    "precondition_failed": ErrorCode(
        status=412, answer="The file is not the one that `If-Match` or `If-Unmodified-Since` names."
    ),
    "tus_version": ErrorCode(
        status=412, answer="The request does not name a version of tus that is spoken here; `Tus-Version` has them."
    ),
    "too_large": ErrorCode(status=413, answer="The body, the file or one of its fields is larger than is taken."),
    "uri_too_long": ErrorCode(status=414, answer="The address is longer than 32 KiB."),
    "unsupported_media": ErrorCode(
        status=415, answer="The content type, the container or the codec is not one that is taken."
    ),
    "unsupported_codec": ErrorCode(
        status=415, answer="The video's codec cannot be decoded, or is not one that is taken."
    ),
    "range_not_satisfiable": ErrorCode(
        status=416, answer="The range lies outside of the file; `Content-Range` has its size."
    ),
    "misdirected": ErrorCode(
        status=421, answer="The service does not answer under this name; ALLOWED_HOSTS names those that it takes."
    ),
    "invalid_input": ErrorCode(
        status=422, answer="Fields or query parameters are wrong or unknown; `errors` names every one."
    ),
    "idempotency_key_reused": ErrorCode(
        status=422, answer="The `Idempotency-Key` was sent with another request before: a new request takes a new key."
    ),
    "checksum_mismatch": ErrorCode(
        status=422, answer="The file that arrived is not the one whose `Upload-Checksum` was declared: send it again."
    ),
    "unreadable_media": ErrorCode(
        status=422, answer="It looks like a video or a picture, but is empty, broken or too slow to read."
    ),
    "no_video_stream": ErrorCode(status=422, answer="The file has no moving picture."),
    "too_many_pixels": ErrorCode(
        status=422, answer="The picture is larger than MAX_PIXELS, for overlays MAX_ASSET_PIXELS."
    ),
    "too_many_streams": ErrorCode(
        status=422, answer="The file has more tracks than MAX_STREAMS, or more than 256 streams."
    ),
    "too_long": ErrorCode(status=422, answer="The video is longer than MAX_DURATION_S."),
    "frame_rate_too_high": ErrorCode(status=422, answer="The frame rate is higher than MAX_FRAME_RATE."),
    "address_refused": ErrorCode(
        status=422,
        answer="The address cannot be read, or is not one that the service connects to: not http(s), another port, not"
        " public.",
        failure="the address, or one that it leads to, is not one that the service connects to",
    ),
    "remote_refused": ErrorCode(
        status=422,
        answer="There is no such host, or it answered with an error, as 404, or not as HTTP has it.",
        failure="there is no such host, or it answered with an error that stays, such as 404",
    ),
    "remote_unavailable": ErrorCode(
        status=422,
        answer="The other side cannot be reached, cut the connection, or says that it cannot answer now.",
        failure="the other side cannot be reached, cut the connection, or says that it cannot answer now",
        retryable=True,
    ),
    "remote_stalled": ErrorCode(
        status=422,
        answer="The other side sends nothing, or too slowly.",
        failure="the other side sent nothing, or too slowly, for IMPORT_STALL_TIMEOUT_S",
        retryable=True,
    ),
    "rate_limited": ErrorCode(
        status=429,
        answer="Too many requests, jobs or uploads of the key, its project or the address; `Retry-After` says when to"
        " come back, `GET /limits` what is allowed.",
    ),
    "too_many_uploads": ErrorCode(
        status=429, answer="There are as many unfinished uploads as MAX_UNFINISHED_UPLOADS allows: end some of them."
    ),
    "head_too_large": ErrorCode(status=431, answer="The head of the request is larger than 32 KiB."),
    "upload_checksum_mismatch": ErrorCode(
        status=460, answer="The bytes are not those that `Upload-Checksum` promises, and were not kept: send them anew."
    ),
    "internal": ErrorCode(
        status=500,
        answer="Something unforeseen; the log has more under `error_id`.",
        failure="unforeseen; the worker's log has the traceback",
        retryable=True,
    ),
    "busy": ErrorCode(
        status=503,
        answer="A part of the service cannot be reached now, or has too much to do; `Retry-After` says when to come"
        " back.",
        failure="outputs could not be examined, for others were",
        hindrance="files could not be examined, for others were",
    ),
    "no_space": ErrorCode(
        status=507,
        answer="The storage is full.",
        failure="the disk is full; FAILURE only where no empty disk would do",
        hindrance="the disk is full, or less is free than DISK_RESERVE_BYTES",
    ),
    "quota_exceeded": ErrorCode(
        status=507, answer="The project holds as many bytes as it may (`stored_bytes` of `GET /limits`)."
    ),
    "ffmpeg_failed": ErrorCode(
        failure="ffmpeg ended with an error; `error_message` says what to do, `error` has its words"
    ),
    "source_damaged": ErrorCode(
        failure="the source cannot be decoded in the interval, or at all; intact parts can be cut out of it"
    ),
    "verify_failed": ErrorCode(
        failure="the output is not what the plan promised; `error_message` says what to do, `error` what was found"
    ),
    "stalled": ErrorCode(failure="no progress for STALL_TIMEOUT_S", retryable=True),
    "timed_out": ErrorCode(failure="over its wall-clock budget (JOB_WALL_BASE_S, JOB_WALL_FACTOR)"),
    "crashed": ErrorCode(failure="ffmpeg was ended by a signal of its own, such as SIGSEGV", retryable=True),
    "killed": ErrorCode(
        failure="ffmpeg was ended by SIGKILL; where somebody else stopped it, the job waits",
        retryable=True,
        hindrance="somebody ended ffmpeg from outside",
    ),
    "out_of_memory": ErrorCode(failure="it needed more than MEDIA_MEMORY_BYTES"),
    "limit_cpu": ErrorCode(failure="it used more processor time than a job may"),
    "limit_output_size": ErrorCode(failure="its output grew larger than MAX_OUTPUT_BYTES"),
    "storage": ErrorCode(
        failure="a folder cannot be written or read",
        hindrance="a folder cannot be written or read: a read-only, broken or unmounted disk",
    ),
    "exhausted": ErrorCode(
        failure="descriptors, processes or memory of the machine are used up",
        hindrance="descriptors, processes or memory of the machine are used up",
    ),
    "cannot_start": ErrorCode(
        failure="ffmpeg is missing or does not run here", hindrance="ffmpeg is missing or does not run here"
    ),
    "database": ErrorCode(
        failure="the database cannot be reached, or takes no results",
        hindrance="the database cannot be reached, or takes no results",
    ),
    "drawn_otherwise": ErrorCode(
        failure="the workers have other fonts than the API that laid out its subtitles: give all the same FONT_DIR"
        " and release, then ask again: a retry does not lay them out anew",
        hindrance="a worker has other fonts than the API that laid out a job's subtitles: give both the same FONT_DIR",
    ),
    "unsupported_here": ErrorCode(failure="this machine's ffmpeg lacks what the plan needs"),
    "newer_plan": ErrorCode(
        failure="the worker is older than the API that planned the job: workers are upgraded first", retryable=True
    ),
    "expired": ErrorCode(failure="it had not begun when its `expires_at` came"),
    "worker_lost": ErrorCode(failure="its workers died or fell silent, MAX_FAILURES times in all", retryable=True),
}

HTTP_CODES = {code: row for code, row in ERROR_CODES.items() if row.answer}
"""Codes of problem documents. A media process that fails within a request answers under a job's code, with 500."""

JOB_CODES = {code: row for code, row in ERROR_CODES.items() if row.failure}
"""Codes of jobs that failed."""

HINDRANCES = {code: row.hindrance for code, row in ERROR_CODES.items() if row.hindrance}
"""What can keep a machine from work, by code: a job that meets one of them waits."""

CODE_BY_STATUS = dict(sorted({row.status: code for code, row in reversed(HTTP_CODES.items())}.items()))
"""Status -> the first, most general code that has it."""

REFUSED_FILES = (
    *("unsupported_media", "unsupported_codec", "unreadable_media", "no_video_stream"),
    *("too_many_pixels", "too_many_streams", "too_long", "frame_rate_too_high"),
)
"""Why an uploaded file is not taken."""

V1_BAD_REQUESTS = ("invalid_input", "not_ready", "job_failure", "job_cancelled", *REFUSED_FILES)
"""Codes that some routes of /api/v1 answer with 400, where their clients expect it."""
