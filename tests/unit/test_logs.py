"""Log lines as they are written: what is in them, and what never is."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from typing import Any

import pytest

from reelwright.telemetry import logs
from reelwright.telemetry.logs import Lines

SECRET = "s3cret-pa55"


def record(name: str = "reelwright.jobs", message: str = "job started", **extra: Any) -> logging.LogRecord:
    made = logging.makeLogRecord({"name": name, "levelno": logging.INFO, "levelname": "INFO", "msg": message})
    made.__dict__.update(extra)
    return made


def as_json(made: logging.LogRecord) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Lines("worker", pretty=False).format(made))
    return found


def test_a_json_line_says_when_who_what_and_for_whom() -> None:
    """Its own fields, and the ids of the work that it belongs to."""
    with logs.bound(request_id="r1", job_id="j1"):
        line = as_json(record(kind="trim", message="काम\nstarted"))
    assert list(line)[:6] == ["timestamp", "level", "logger", "process", "pid", "event"]
    assert line["timestamp"].endswith("Z")
    wanted = {"level": "info", "logger": "reelwright.jobs", "process": "worker", "event": "काम\nstarted"}
    assert line.items() >= (wanted | {"request_id": "r1", "job_id": "j1", "kind": "trim"}).items()
    assert "request_id" not in as_json(record())


def test_a_line_of_the_queue_names_the_job_and_its_request() -> None:
    """Of all that it brings along nothing else becomes a field."""
    brought = {"id": 7, "task_kwargs": {"job_id": "j1", "origin": {"request_id": "r1"}}}
    line = as_json(record("procrastinate.worker", "Starting job", job=brought, worker={"name": "w"}, action="start"))
    assert {name: line.get(name) for name in ("job_id", "request_id")} == {"job_id": "j1", "request_id": "r1"}
    assert not {"job", "worker", "action"} & set(line)


@pytest.mark.parametrize("pretty", [False, True])
def test_no_line_shows_a_password_or_local_variables(pretty: bool) -> None:
    """Whoever quotes the database's URL; and a traceback has the code, not what was in it."""
    hidden = "".join(reversed("eulav-terces"))
    try:
        raise RuntimeError(f"cannot connect to postgresql://me:{SECRET}@db:5432/films")
    except RuntimeError:
        failed = record(
            message=f"at postgres://me:a/{SECRET}@[::1]/x", exc_info=sys.exc_info(), url=f"http://u:{SECRET}@h"
        )
    text = Lines("api", pretty=pretty).format(failed)
    assert "Traceback" in text
    assert "me:***@db:5432/films" in text
    assert SECRET not in text
    assert hidden not in text


def test_a_pretty_line_cannot_steer_a_terminal_or_forge_another() -> None:
    """ffmpeg repeats what strangers wrote into their files."""
    text = Lines("worker", pretty=True).format(record(message="\x1b[2Jgone\n2026 forged", stderr_tail="a\x07\nb"))
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "\n2026" not in text
    assert text.endswith("\n    a\\x07\n    b")


def test_a_command_in_a_pretty_line_can_be_copied() -> None:
    """It stands alone on a line, as a shell takes it."""
    command = "ffmpeg -i 'file:/a b.mp4' -filter_complex '[0:0]null[v]'"
    assert Lines("worker", pretty=True).format(record(command=command)).splitlines()[-1].strip() == command


ASKED_FOR = """
import logging, sys
sys.modules["opentelemetry"] = None
logging.basicConfig()
from reelwright.telemetry import tracing
with tracing.exporting("api"), tracing.span("work") as span:
    span.set({"a": 1})
    assert tracing.carrier() == {}
"""


def test_traces_that_are_asked_for_without_the_extra_are_one_warning() -> None:
    """The service runs without them."""
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
    done = subprocess.run(
        [sys.executable, "-c", ASKED_FOR], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stderr.count("\n") == 1
    assert "reelwright[tracing]" in done.stderr


NOT_ASKED_FOR = """
import sys
import reelwright.api.server, reelwright_worker.app
from reelwright.telemetry import tracing
with tracing.exporting("api"), tracing.span("work"):
    pass
print(*[name for name in sys.modules if name.startswith("opentelemetry")])
"""


def test_traces_that_nobody_asks_for_cost_no_import() -> None:
    """OpenTelemetry is installed here, and stays on the disk."""
    done = subprocess.run([sys.executable, "-c", NOT_ASKED_FOR], env={}, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_a_request_that_a_shutdown_cancels_leaves_no_stack() -> None:
    """uvicorn counts those; whatever else goes wrong in a request is told with its stack."""

    def failing(name: str, error: BaseException) -> logging.LogRecord:
        return record(name, "Exception in ASGI application", exc_info=(type(error), error, None))

    assert not logs.is_news(failing("uvicorn.error", asyncio.CancelledError("timeout graceful shutdown exceeded")))
    assert logs.is_news(failing("uvicorn.error", ValueError()))
    assert logs.is_news(failing("reelwright.jobs", asyncio.CancelledError()))
    assert logs.is_news(record("uvicorn.error", "Cancel 3 running task(s)"))
    assert not logs.is_news(record("procrastinate.worker.worker", "Starting job render[1]()", action="start_job"))
    assert logs.is_news(record("procrastinate.worker.worker", "Stop requested"))
