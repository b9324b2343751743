"""Log lines: one shape for everything that a process says, as JSON or to read, each with the ids it belongs to.

Whoever logs uses the standard library's logging and puts fields into `extra`; structlog makes the lines, ours and those
of uvicorn, procrastinate and alembic alike. Ids (`request_id`, `job_id`) are bound to the context of the work with
`bound`. No line shows the password of a URL, or the values of local variables.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import sys
from contextlib import AbstractContextManager
from typing import Any

import structlog
from structlog.contextvars import bound_contextvars, get_contextvars
from structlog.typing import EventDict, Processor

from reelwright.settings import Settings

CHATTY = ("alembic", "httpx", "httpcore", "procrastinate.jobs")
"""They say at INFO what nobody asked for, or at DEBUG what nobody may read: the headers of requests."""
FIRST = ("timestamp", "level", "logger", "process", "pid", "event")
BELOW = ("command", "stderr_tail")
"""Fields of several words that a reader of pretty lines gets below the line, to copy and paste."""

_PASSWORD = re.compile(r"""(://[^\s:/@"']*):[^\s"']*@""")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def bound(**ids: str) -> AbstractContextManager[None]:
    """Give every line that is logged in this context meanwhile these fields."""
    return bound_contextvars(**ids)


def request_id() -> str | None:
    """Return the id of the request that is being answered, or that made the job which is being worked on."""
    bound_id: str | None = get_contextvars().get("request_id")
    return bound_id


def configure(settings: Settings, process: str) -> None:
    """Set this process's logging up by LOG_FORMAT and LOG_LEVEL: to stderr. `process`: api, worker, up, ..."""
    pretty = settings.log_format == "pretty" or (settings.log_format == "auto" and sys.stderr.isatty())
    handler = logging.StreamHandler()
    handler.setFormatter(Lines(process, pretty=pretty, colours=sys.stderr.isatty()))
    handler.addFilter(is_news)
    root = logging.getLogger()
    for earlier in [handler for handler in root.handlers if type(handler) is logging.StreamHandler]:
        root.removeHandler(earlier)
    root.addHandler(handler)
    root.setLevel(settings.log_level)
    logging.captureWarnings(True)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def is_news(record: logging.LogRecord) -> bool:
    """Whether a record says more than another one does: uvicorn tells how many requests it cancels when a shutdown
    takes too long, and then has the whole stack of each; procrastinate says that a job starts before it is claimed, and
    whoever has claimed it says so, too."""
    if record.name.startswith("procrastinate"):
        return getattr(record, "action", None) != "start_job"
    return not (
        record.name.startswith("uvicorn")
        and record.exc_info is not None
        and isinstance(record.exc_info[1], asyncio.CancelledError)
    )


class Lines(structlog.stdlib.ProcessorFormatter):
    """Log records as lines."""

    def __init__(self, process: str, *, pretty: bool, colours: bool = False) -> None:
        origin = {} if pretty else {"process": process, "pid": os.getpid()}

        def add_origin(_: Any, __: str, event: EventDict) -> EventDict:
            return {**event, **origin}

        rendering: list[Processor] = [structlog.processors.format_exc_info, _ordered, _json]
        if pretty:
            console = structlog.dev.ConsoleRenderer(
                colors=colours, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
            )
            rendering = [_readable, _Below(console)]
        super().__init__(
            foreign_pre_chain=[
                _fields,
                structlog.contextvars.merge_contextvars,
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                add_origin,
            ],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )

    def format(self, record: logging.LogRecord) -> str:
        return _PASSWORD.sub(r"\1:***@", super().format(record))


_extra = structlog.stdlib.ExtraAdder()


def _fields(logger: Any, method: str, event: EventDict) -> EventDict:
    """The fields of our own lines; of the queue's lines the ids of the job, of others' lines none."""
    record: logging.LogRecord = event["_record"]
    if record.name.startswith("reelwright"):
        return _extra(logger, method, event)
    match getattr(record, "job", None):
        case {"task_kwargs": {"job_id": str(job_id), **more}}:
            event["job_id"] = job_id
            match more.get("origin"):
                case {"request_id": str(request_id)}:
                    event["request_id"] = request_id
    return event


def _ordered(_: Any, __: str, event: EventDict) -> EventDict:
    return {**{name: event[name] for name in FIRST if name in event}, **event}


_json = structlog.processors.JSONRenderer(ensure_ascii=False)


def _readable(_: Any, __: str, event: EventDict) -> EventDict:
    """What would steer a terminal, or look like a line of its own, is shown as an escape."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = _CONTROL.sub(lambda match: ascii(match[0])[1:-1], value)
    event["event"] = str(event["event"]).replace("\n", "\n    ")
    return event


class _Below:
    """A renderer that puts long fields under the line."""

    def __init__(self, line: structlog.dev.ConsoleRenderer) -> None:
        self.line = line

    def __call__(self, logger: Any, method: str, event: EventDict) -> str:
        below = [str(event.pop(name)) for name in BELOW if event.get(name)]
        return "\n    ".join([self.line(logger, method, event), *(text.replace("\n", "\n    ") for text in below)])
