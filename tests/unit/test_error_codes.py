"""Error codes are part of the API: statuses and what is tried again stay what clients have been told."""

from __future__ import annotations

import ast
import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

from reelwright.error_codes import ERROR_CODES, HINDRANCES, HTTP_CODES, JOB_CODES
from reelwright.errors import JobFailed, MediaProcessFailed, ReelwrightError, VerifyFailed

ROOT = Path(__file__).parents[2]

STATUSES = {
    400: {"malformed"},
    401: {"unauthorized"},
    403: {"forbidden", "cross_origin"},
    404: {"not_found", "job_failure", "job_cancelled", "result_deleted", "asset_missing", "file_missing"},
    405: {"method_not_allowed"},
    408: {"request_timeout"},
    409: {
        *("conflict", "in_use", "not_ready", "finished", "not_retryable", "has_results", "request_under_way"),
        "input_gone",
        "offset_mismatch",
    },
    410: {"events_gone"},
    412: {"precondition_failed", "tus_version"},
    413: {"too_large"},
    414: {"uri_too_long"},
    415: {"unsupported_media", "unsupported_codec"},
    416: {"range_not_satisfiable"},
    421: {"misdirected"},
    422: {
        *("invalid_input", "unreadable_media", "no_video_stream", "too_many_pixels", "too_many_streams", "too_long"),
        "frame_rate_too_high",
        "exceeds_machines",
        "address_refused",
        "remote_refused",
        "remote_unavailable",
        "remote_stalled",
        "checksum_mismatch",
        "idempotency_key_reused",
    },
    429: {"rate_limited", "too_many_uploads"},
    431: {"head_too_large"},
    460: {"upload_checksum_mismatch"},
    500: {"internal"},
    503: {"busy"},
    507: {"no_space", "quota_exceeded"},
}

TRIED_AGAIN = {
    "yes": {
        "stalled",
        "crashed",
        "killed",
        "newer_plan",
        "worker_lost",
        "internal",
        "remote_unavailable",
        "remote_stalled",
    },
    "waits": {"no_space", "storage", "exhausted", "cannot_start", "database", "busy", "drawn_otherwise"},
    "no": {
        *("ffmpeg_failed", "source_damaged", "verify_failed", "timed_out", "out_of_memory", "limit_cpu"),
        *("limit_output_size", "unsupported_here", "input_gone", "file_missing", "address_refused", "remote_refused"),
        "expired",
    },
}


def test_every_status_is_what_clients_know() -> None:
    """Of each code that answers a request, and of no other."""
    statuses = {status: {code for code, row in HTTP_CODES.items() if row.status == status} for status in STATUSES}
    assert statuses == STATUSES
    assert set(HTTP_CODES) == set().union(*STATUSES.values())


def test_what_is_tried_again_is_what_clients_know() -> None:
    """A job that fails with a code is tried again, waits for the machine, or ends."""
    told = {word: {code for code, row in JOB_CODES.items() if row.tried_again == word} for word in TRIED_AGAIN}
    assert told == TRIED_AGAIN
    for code, row in JOB_CODES.items():
        assert JobFailed("", code=code).retryable == (code in TRIED_AGAIN["yes"]) == row.retryable
        assert JobFailed("", code=code, of_machine=True).retryable


def test_what_hinders_machines_is_what_operators_know() -> None:
    """They are values of a metric's label, and of `waiting_for`."""
    assert set(HINDRANCES) == {"killed", *TRIED_AGAIN["waits"]}


@pytest.mark.parametrize("kind", [JobFailed, MediaProcessFailed, VerifyFailed])
def test_a_failed_job_that_a_request_meets_is_our_fault(kind: type[JobFailed]) -> None:
    """Whatever its code: a probe that was killed says nothing of the request."""
    assert kind.status == 500


def _literal_codes() -> Iterator[tuple[str, str]]:
    """Every code that the source names, with its place."""
    for folder in ("src", "workers"):
        for path in (ROOT / folder).rglob("*.py"):
            if not re.search(r"\bcode\s*=", text := path.read_text()):  # most of them, and to parse one takes its time
                continue
            for node in ast.walk(ast.parse(text)):
                keywords = node.keywords if isinstance(node, ast.Call) else []
                values = [keyword.value for keyword in keywords if keyword.arg == "code"]
                if isinstance(node, ast.Assign) and [getattr(name, "id", "") for name in node.targets] == ["code"]:
                    values.append(node.value)
                for value in values:
                    if isinstance(value, ast.Constant) and isinstance(value.value, str):
                        yield value.value, f"{path.relative_to(ROOT)}:{value.lineno}"


def test_no_error_is_raised_under_a_code_that_the_table_does_not_have() -> None:
    """A lost lease has none: it never leaves the worker; nor has a client that is gone: nobody reads the answer."""
    codes = list(_literal_codes())
    unknown = {code: place for code, place in codes if code not in ERROR_CODES}
    assert set(unknown) <= {"lease_lost", "client_closed_request"}, unknown
    assert len(codes) > 60


def test_the_document_is_what_the_table_says() -> None:
    """docs/error-codes.md is written by the script, never by hand."""
    script = runpy.run_path(str(ROOT / "scripts" / "document_error_codes.py"))
    for path, write in script["DOCUMENTS"].items():
        assert path.read_text() == write(), f"run scripts/document_error_codes.py: {path.name} is old"


def test_a_class_has_the_status_of_its_code() -> None:
    """Unless it names another, as a route does whose clients expect one."""

    class Gone(ReelwrightError):
        code = "file_missing"

    class GoneForV1(Gone):
        status = 400

    assert (Gone.status, GoneForV1.status) == (404, 400)
