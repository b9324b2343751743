"""Reads the settings of a process from the environment and `.env`, and says what is wrong with them, all at once.

The environment wins over `.env`; an empty value means the default. Paths are made absolute when they are used.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, get_type_hints

import msgspec
from dotenv import dotenv_values

from reelwright import setting_parsers
from reelwright.did_you_mean import nearest
from reelwright.settings import CONTAINERS, QUEUES, Settings

OLD_NAMES = {
    "MAX_FILE_SIZE": "MAX_UPLOAD_BYTES",
    "FFMPEG_PATH": "FFMPEG_BIN",
    "FFPROBE_PATH": "FFPROBE_BIN",
    "ALLOWED_VIDEO_TYPES": "ALLOWED_FORMATS",
}
"""Names that earlier plans gave to settings that still mean something; the new name wins where both are set at once."""

WITHOUT_SUCCESSOR = ("REDIS_URL", "SECRET_KEY", "UPLOAD_DIR", "PROCESSED_DIR")
"""Names of earlier plans that are let pass and not read: there is no broker and no key, all files are in MEDIA_ROOT."""

_FOREIGN = re.compile(
    r"(COMPOSE|DOCKER|BUILDKIT|BUILDX|OTEL|PYTHON|UV|PIP|PG|POSTGRES|LC|XDG|NGINX|OUTSIDE|REELWRIGHT|UVICORN)_"
    r"|PG[A-Z]+$|PYTHON[A-Z]+$|(TZ|LANG|PATH|HOME|TMPDIR|FORWARDED_ALLOW_IPS|(HTTPS?|NO|ALL)_PROXY)$",
    re.ASCII | re.IGNORECASE,
)
"""Names in `.env` that others read: Compose, libraries, programs that are started."""

_HEADER_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
_ACCEL_PREFIX = re.compile(r"(/[A-Za-z0-9_-]+)+", re.ASCII)


class SettingsError(Exception):
    """A setting is wrong; the message names it, its value and what is taken."""


def _problem(name: str, value: str, reason: str) -> str:
    shown = "***" if "PASSWORD" in name or "URL" in name else repr(value)
    return f"{name}={shown}: {reason}"


def _by_new_names(layer: Mapping[str, str | None]) -> dict[str, str]:
    """An empty value stays where nothing else is set: it hides one of an earlier layer."""
    renamed = {new: text for old, new in OLD_NAMES.items() if (text := layer.get(old))}
    return renamed | {name: text or "" for name, text in layer.items() if text or name not in renamed}


def _reader(name: str) -> Callable[[str], object] | None:
    """How the text of a setting is read before it becomes a value of its type."""
    if name == "APP_ENV":
        return lambda text: setting_parsers.APP_ENVS.get(text.lower(), text)
    if name == "ALLOWED_FORMATS":
        return lambda text: setting_parsers.container_names(setting_parsers.listed(text), CONTAINERS)
    if name == "ALLOWED_VIDEO_CODECS":
        return lambda text: setting_parsers.codec_names(setting_parsers.listed(text))
    if name == "WORKER_QUEUES":
        return lambda text: setting_parsers.queue_names(setting_parsers.listed(text), QUEUES)
    if name == "CORS_ORIGINS":
        return lambda text: [setting_parsers.origin(item) for item in setting_parsers.listed(text)]
    if name == "ALLOWED_HOSTS":
        return lambda text: [setting_parsers.host_pattern(item) for item in setting_parsers.listed(text)]
    if name == "OUTBOUND_PORTS":
        return lambda text: [item for item in setting_parsers.listed(text) if setting_parsers.ports(item)]
    if name == "OUTBOUND_ALLOWED":
        return lambda text: [str(setting_parsers.network_or_host(item)) for item in setting_parsers.listed(text)]
    return setting_parsers.size_bytes if name.endswith("_BYTES") else None


def parse(*layers: Mapping[str, str | None]) -> Settings:
    """Settings out of name -> text; a later layer wins. Raises SettingsError that names every wrong one."""
    types = {name.upper(): type_ for name, type_ in get_type_hints(Settings, include_extras=True).items()}
    merged: dict[str, str] = {}
    for layer in layers:
        merged |= _by_new_names(layer)
    parsed: dict[str, Any] = {}
    wrong: list[str] = []
    for name, type_ in types.items():
        if text := merged.get(name):
            try:
                parsed[name.lower()] = setting_parsers.value(text, type_, _reader(name))
            except ValueError as error:
                wrong.append(_problem(name, text, str(error)))
    settings = msgspec.structs.replace(_DEFAULTS, **parsed)
    wrong += _contradictions(settings)
    if wrong:
        raise SettingsError("\n".join(wrong))
    return settings


def _contradictions(settings: Settings) -> list[str]:
    problems = []
    if settings.database_url and not settings.database_url.startswith(("postgresql://", "postgres://", "postgresql+")):
        problems.append("DATABASE_URL: a postgresql:// URL is needed")
    if settings.uses_embedded_database and settings.app_env == "production":
        problems.append(
            "APP_ENV=production: DATABASE_URL or DB_HOST is needed, the embedded database is for one machine"
        )
    if settings.api_root_path and not settings.api_root_path.startswith("/"):
        problems.append("API_ROOT_PATH: begins with a slash")
    if settings.file_cache_control and not _HEADER_VALUE.fullmatch(settings.file_cache_control):
        problems.append("FILE_CACHE_CONTROL: what the header says is needed, such as `private, no-cache`")
    if settings.accel_prefix and not _ACCEL_PREFIX.fullmatch(settings.accel_prefix):
        problems.append("ACCEL_PREFIX: a path like /stored is needed")
    return problems


def names() -> tuple[str, ...]:
    """Those that are read."""
    return (*(field.upper() for field in Settings.__struct_fields__), *OLD_NAMES)


def _check_names(written: Mapping[str, str | None]) -> None:
    """A name in `.env` that nobody reads is most likely a slip. Raises SettingsError that names every one."""
    known = {*names(), *WITHOUT_SUCCESSOR}
    unknown = [name for name in written if name not in known and not _FOREIGN.match(name)]
    if unknown:
        raise SettingsError("\n".join(f".env: {unknown_name(name)}" for name in unknown))


def unknown_name(name: str) -> str:
    """What is said of a name that nobody reads."""
    meant = nearest(name.upper(), names())
    return f"{name} is no setting: " + (f"{meant} perhaps?" if meant else "docs/configuration.md lists all that are.")


_DEFAULTS = Settings()


@cache
def load() -> Settings:
    """The settings of this process. Raises SettingsError."""
    try:
        written = dotenv_values(".env", interpolate=False)
    except UnicodeDecodeError as error:
        raise SettingsError(f".env: byte {error.start} is not UTF-8, save it as UTF-8 text") from error
    except OSError as error:
        raise SettingsError(f".env cannot be read: {error.strerror}") from error
    _check_names(written)
    return parse(written, os.environ)
