"""`/docs/errors`: the HTML page of error codes, at which every problem's `type` points."""

from __future__ import annotations

import html
import re

from litestar import get

from reelwright.error_codes import HTTP_CODES, JOB_CODES, V1_BAD_REQUESTS

EMPTY_ICON = '<link rel="icon" href="data:,">'
_V1_NOTE = " (400)"


def _marked_up(meaning: str) -> str:
    return re.sub("`(.+?)`", r"<code>\1</code>", html.escape(meaning))


@get("/errors", include_in_schema=False, media_type="text/html", sync_to_thread=False)
def errors_page() -> str:
    rows = "\n".join(
        f'<tr id="{code}"><td>{row.status}{_V1_NOTE if code in V1_BAD_REQUESTS else ""}</td>'
        f"<td><code>{code}</code></td><td>{_marked_up(row.answer)}</td></tr>"
        for code, row in HTTP_CODES.items()
    )
    failures = "\n".join(
        f'<tr id="{"job-" if code in HTTP_CODES else ""}{code}"><td><code>{code}</code></td>'
        f"<td>{_marked_up(row.failure)}</td><td>{row.tried_again}</td></tr>"
        for code, row in JOB_CODES.items()
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Errors</title>
{EMPTY_ICON}
<style>body {{ font: 1rem/1.5 sans-serif; margin: 2rem }} td, th {{ padding: .3rem 1rem; text-align: left }}
:target {{ background: #ff9 }}</style>
</head>
<body>
<h1>Errors</h1>
<p>Every error is a problem document (RFC 9457, <code>application/problem+json</code>); its <code>code</code>
never changes its meaning.</p>
<table><tr><th>Status</th><th>Code</th><th>Meaning</th></tr>
{rows}
</table>
<p>A status in brackets is what some routes below <code>/api/v1</code> send with that code.</p>
<p id="http_error">A code that is not listed here is <code>http_error</code>, for any other refusal that HTTP itself
knows, or is one of those below: it comes with status 500 and names what became of a media process; the log has more
under <code>error_id</code>.</p>
<h2>Failed jobs</h2>
<p>The <code>error.code</code> of a job, and whether the job is tried again by itself: up to MAX_FAILURES times, or as
often as it takes where it waits for a machine that can do it. Every job that failed can be retried by hand.</p>
<table><tr><th>Code</th><th>Meaning</th><th>Tried again</th></tr>
{failures}
</table>
</body>
</html>
"""
