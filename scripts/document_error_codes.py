"""Writes `docs/error-codes.md` from `src/reelwright/error_codes.py`. A test holds it up to date."""

from __future__ import annotations

from pathlib import Path

from reelwright.error_codes import HTTP_CODES, JOB_CODES, V1_BAD_REQUESTS

ROOT = Path(__file__).parents[1]


def error_codes() -> str:
    lines = [
        "# Error codes",
        "",
        "A code is stable: it never changes its meaning. `/docs/errors` shows the same, where every problem document's",
        "`type` leads. This page is written by `scripts/document_error_codes.py` from `src/reelwright/error_codes.py`.",
        "",
        "## Answers",
        "",
        "The `code` of a problem document (RFC 9457). Some routes below `/api/v1` answer with 400 where it says so.",
        "",
        "| Status | `code` | Meaning |",
        "|---|---|---|",
    ]
    lines += [
        f"| {row.status}{' (400)' if code in V1_BAD_REQUESTS else ''} | `{code}` | {row.answer} |"
        for code, row in HTTP_CODES.items()
    ]
    lines += [
        "",
        "A code that is not listed here is `http_error`, for any other refusal that HTTP itself knows, or one of those",
        "below: it comes with status 500 and names what became of a media process.",
        "",
        "## Failed jobs",
        "",
        "The `error.code` of a job, and whether the job is tried again by itself: up to `MAX_FAILURES` times, or as",
        'often as it takes where it "waits" for a machine that can do it ([jobs.md](jobs.md#bad-days)). Every job that',
        "failed can be retried by hand.",
        "",
        "| `error.code` | Meaning | Tried again by itself |",
        "|---|---|---|",
    ]
    lines += [f"| `{code}` | {row.failure} | {row.tried_again} |" for code, row in JOB_CODES.items()]
    return "\n".join(lines) + "\n"


DOCUMENTS = {ROOT / "docs" / "error-codes.md": error_codes}

if __name__ == "__main__":
    for path, write in DOCUMENTS.items():
        path.write_text(write())
