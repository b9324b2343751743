"""Every setting: its environment name, unit, default and meaning. Read once from the environment and `.env`.

The environment wins over `.env`; an empty value means the default. Paths are made absolute when they are read.
`docs/configuration.md` and `.env.example` are checked against this module by a test.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints
from urllib.parse import quote

import msgspec
from dotenv import dotenv_values
from msgspec import Meta

from reelwright import setting_values, source_codecs

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

CONTAINERS = ("mov", "matroska", "webm", "avi", "mpegts", "flv", "asf", "mpeg", "mpegvideo", "ogg", "dv", "mxf", "gif")
"""The demuxers that may open a stranger's file. None of them follows a reference out of the file."""

_HEADER_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
_ACCEL_PREFIX = re.compile(r"(/[A-Za-z0-9_-]+)+", re.ASCII)

Positive = Annotated[int, Meta(gt=0)]
NotNegative = Annotated[int, Meta(ge=0)]
Seconds = Annotated[float, Meta(gt=0)]


class SettingsError(Exception):
    """A setting is wrong; the message names it, its value and what is taken."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one process. Field names are the environment names in lower case."""

    # The usual ones
    app_env: Annotated[
        Literal["development", "test", "production"],
        Meta(description="Where this runs. `production` refuses the embedded database."),
    ] = "development"
    app_host: Annotated[str, Meta(description="Address that the API listens on.")] = "127.0.0.1"
    app_port: Annotated[int, Meta(ge=1, le=65535, description="Port that the API listens on.")] = 8000
    db_host: Annotated[
        str,
        Meta(
            description="Database host, or the folder of its Unix socket. Empty, with DATABASE_URL empty: the embedded"
            " PostgreSQL."
        ),
    ] = ""
    db_port: Annotated[int, Meta(ge=1, le=65535, description="Database port.")] = 5432
    db_name: Annotated[str, Meta(description="Database name.")] = "reelwright"
    db_user: Annotated[str, Meta(description="Database user.")] = "reelwright"
    db_password: Annotated[str, Meta(description="Database password.")] = "reelwright"  # noqa: S105
    database_url: Annotated[str, Meta(description="Any `postgresql://` URL. Wins over the DB_* settings.")] = ""
    media_root: Annotated[str, Meta(description="Folder of all stored media.")] = "data"
    font_dir: Annotated[str, Meta(description="Folder of your own fonts.")] = "fonts"
    assets_dir: Annotated[
        str, Meta(description="Folder of overlay pictures that requests may name. Empty: those that ship.")
    ] = ""
    ffmpeg_bin: Annotated[str, Meta(description="The ffmpeg program. Empty: the bundled one.")] = ""
    ffprobe_bin: Annotated[
        str, Meta(description="Taken for compatibility and not used: probing is done by the bundled PyAV.")
    ] = ""
    api_root_path: Annotated[
        str, Meta(description="Path prefix under which a reverse proxy serves the API, such as /video.")
    ] = ""
    file_cache_control: Annotated[
        str,
        Meta(
            description="`Cache-Control` of stored files, which never change under their address. With `public` a CDN"
            " may keep them, also after they were deleted here. Where logins guard the service: `private, no-cache`."
        ),
    ] = "public, max-age=31536000, immutable"
    accel_prefix: Annotated[
        str,
        Meta(
            description="Internal location, such as /stored, under which an nginx in front has MEDIA_ROOT: it sends the"
            " files of requests that it marks with `X-Accel-Prefix`. Empty: the API sends them."
        ),
    ] = ""
    max_upload_bytes: Annotated[Positive, Meta(description="Largest upload, bytes (10 GiB).")] = 10 * 2**30
    allowed_formats: Annotated[
        tuple[str, ...],
        Meta(description="Container formats that are taken, of " + ", ".join(CONTAINERS) + "."),
    ] = CONTAINERS
    allowed_video_codecs: Annotated[
        tuple[str, ...],
        Meta(
            description="Codecs of pictures that are taken, by FFmpeg's names (`h264,hevc`). Empty: those that"
            " docs/deployment.md lists, which is nearly everything outside of games and film scanning."
        ),
    ] = ()
    max_concurrent_jobs: Annotated[Positive, Meta(description="Jobs that one worker runs at once.")] = 2
    job_wall_base_s: Annotated[
        Seconds, Meta(description="Wall-clock budget of a media process: this much, plus ...")
    ] = 120.0
    job_wall_factor: Annotated[Seconds, Meta(description="... so many seconds for each second of expected output.")] = (
        60.0
    )
    stall_timeout_s: Annotated[
        Seconds, Meta(description="A media process that makes no progress for so long is killed, seconds.")
    ] = 60.0

    # Service
    cors_origins: Annotated[
        tuple[str, ...],
        Meta(description="Exact origins, comma-separated, whose pages may call the API and show its media."),
    ] = ()
    allowed_hosts: Annotated[
        tuple[str, ...],
        Meta(
            description="Names, comma-separated, under which the API answers (*.example.org: all below it), beside"
            " localhost, this machine's own name, APP_HOST and plain IP addresses. Pages under other names are refused."
        ),
    ] = ()
    request_timeout_s: Annotated[
        Seconds,
        Meta(description="A request's head, and a body that is no upload, has to be there within so long, seconds."),
    ] = 30.0
    send_timeout_s: Annotated[
        Seconds, Meta(description="A client that takes nothing of its answer for so long is let go, seconds.")
    ] = 60.0
    max_connections: Annotated[
        Positive,
        Meta(description="Connections at once, at most half of the open files that the system allows. More get 503."),
    ] = 2048
    max_connections_per_address: Annotated[
        NotNegative,
        Meta(
            description="Connections of one address at once, behind a proxy its requests at once; more get 429. 0: no"
            " limit of its own."
        ),
    ] = 1024
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"],
        Meta(description="Least severe log line that is written."),
    ] = "INFO"
    log_format: Annotated[
        Literal["auto", "json", "pretty"],
        Meta(description="Log lines as JSON or to read. `auto`: to read on a terminal, JSON otherwise."),
    ] = "auto"
    metrics_port: Annotated[
        int,
        Meta(
            ge=0,
            le=65535,
            description="Port of a worker's /metrics, or the first of ten of which each worker takes a free one."
            " 0: none. The API answers /metrics on APP_PORT.",
        ),
    ] = 0
    metrics_host: Annotated[str, Meta(description="Address that a worker's /metrics listens on.")] = "127.0.0.1"

    # Database
    db_pool_size: Annotated[Positive, Meta(description="Connections that one process keeps at most.")] = 10
    database_dir: Annotated[
        str,
        Meta(description="Folder of the embedded PostgreSQL, on a local disk. Empty: MEDIA_ROOT/postgres."),
    ] = ""

    # Files and disk
    work_root: Annotated[
        str, Meta(description="Scratch folder for attempts, best on the same disk. Empty: MEDIA_ROOT/work.")
    ] = ""
    disk_reserve_bytes: Annotated[
        NotNegative, Meta(description="Free disk space that uploads and jobs leave untouched, bytes (1 GiB).")
    ] = 2**30
    orphan_grace_s: Annotated[
        Seconds,
        Meta(description="A file without a row is removed when it is older than this, seconds (1 h)."),
    ] = 3600.0

    # Uploads
    upload_idle_timeout_s: Annotated[
        Seconds, Meta(description="An upload that sends nothing for so long is ended, seconds.")
    ] = 60.0
    max_asset_bytes: Annotated[Positive, Meta(description="Largest uploaded picture for overlays, bytes (20 MiB).")] = (
        20 * 2**20
    )
    max_asset_pixels: Annotated[
        Positive,
        Meta(description="Largest picture for overlays, pixels (25 megapixels); 16384 a side are the most anyway."),
    ] = 25_000_000
    turn_wait_s: Annotated[
        Seconds,
        Meta(
            description="How long a request waits for its turn to have a file examined or something drawn before it is"
            " answered with 503, seconds."
        ),
    ] = 30.0
    max_duration_s: Annotated[Seconds, Meta(description="Longest video, seconds (12 h).")] = 12 * 3600.0
    max_pixels: Annotated[Positive, Meta(description="Largest picture, pixels (8192 x 4320).")] = 8192 * 4320
    max_frame_rate: Annotated[Seconds, Meta(description="Highest frame rate, frames a second.")] = 240.0
    max_streams: Annotated[Positive, Meta(description="Most tracks of picture and sound in one file.")] = 32
    probe_timeout_s: Annotated[Seconds, Meta(description="Wall-clock limit of one probe, seconds.")] = 30.0

    # Jobs
    max_failures: Annotated[
        Positive, Meta(description="Lost or retryable attempts after which a job ends in FAILURE.")
    ] = 3
    lease_s: Annotated[Seconds, Meta(description="A worker that is silent for so long loses its job, seconds.")] = 20.0
    reap_interval_s: Annotated[
        Seconds, Meta(description="Pause between looks for lost jobs and orphan files, seconds.")
    ] = 5.0
    shutdown_grace_s: Annotated[
        NotNegative,
        Meta(description="On SIGTERM a worker lets jobs run on for so long before it hands them back, seconds."),
    ] = 10
    heartbeat_file: Annotated[
        str,
        Meta(
            description="File that a worker touches with every heartbeat that the database took, each 10 s: for health"
            " checks. Empty: none."
        ),
    ] = ""

    # Media processes
    system_calls: Annotated[
        Literal["auto", "allow-list", "deny-list"],
        Meta(
            description="What media processes may ask of the kernel: what they need (`allow-list`), or all but what"
            " does harm (`deny-list`). `auto`: the list, where ffmpeg, the prober and the text drawer run with it."
        ),
    ] = "auto"
    ffmpeg_threads: Annotated[
        NotNegative, Meta(description="Threads of one encode; 0: the number of cores, at most 16.")
    ] = 0
    probe_memory_bytes: Annotated[Positive, Meta(description="Address space of one probe, bytes (1 GiB).")] = 2**30
    media_memory_bytes: Annotated[Positive, Meta(description="Address space of one media process, bytes (8 GiB).")] = (
        8 * 2**30
    )
    max_output_bytes: Annotated[Positive, Meta(description="Largest file a job may write, bytes (100 GiB).")] = (
        100 * 2**30
    )

    @property
    def video_codecs(self) -> tuple[str, ...]:
        return self.allowed_video_codecs or source_codecs.VIDEO

    @property
    def media_path(self) -> Path:
        return Path(self.media_root).absolute()

    @property
    def work_path(self) -> Path:
        return Path(self.work_root).absolute() if self.work_root else self.media_path / "work"

    @property
    def font_path(self) -> Path:
        return Path(self.font_dir).absolute()

    @property
    def database_path(self) -> Path:
        return Path(self.database_dir).absolute() if self.database_dir else self.media_path / "postgres"

    @property
    def uses_embedded_database(self) -> bool:
        return not self.database_url and not self.db_host

    @property
    def configured_database_url(self) -> str:
        """The `postgresql://` URL of a database that is not embedded."""
        if self.database_url:
            _, _, rest = self.database_url.partition("://")
            return f"postgresql://{rest}"
        name, user, password = (quote(part, safe="") for part in (self.db_name, self.db_user, self.db_password))
        if self.db_host.startswith("/"):  # the folder of a Unix socket
            return f"postgresql://{user}:{password}@/{name}?host={quote(self.db_host)}&port={self.db_port}"
        host = f"[{self.db_host}]" if ":" in self.db_host else self.db_host
        return f"postgresql://{user}:{password}@{host}:{self.db_port}/{name}"


def _problem(name: str, value: str, reason: str) -> str:
    shown = "***" if "PASSWORD" in name or "URL" in name else repr(value)
    return f"{name}={shown}: {reason}"


def _by_new_names(layer: Mapping[str, str | None]) -> dict[str, str]:
    """An empty value stays where nothing else is set: it hides one of an earlier layer."""
    found = {new: text for old, new in OLD_NAMES.items() if (text := layer.get(old))}
    return found | {name: text or "" for name, text in layer.items() if text or name not in found}


def _reader(name: str) -> Callable[[str], object] | None:
    """How the text of a setting is read before it becomes a value of its type."""
    if name == "APP_ENV":
        return lambda text: setting_values.APP_ENVS.get(text.lower(), text)
    if name == "ALLOWED_FORMATS":
        return lambda text: setting_values.container_names(setting_values.listed(text), CONTAINERS)
    if name == "ALLOWED_VIDEO_CODECS":
        return lambda text: setting_values.codec_names(setting_values.listed(text))
    if name == "CORS_ORIGINS":
        return lambda text: [setting_values.origin(item) for item in setting_values.listed(text)]
    if name == "ALLOWED_HOSTS":
        return lambda text: [setting_values.host_pattern(item) for item in setting_values.listed(text)]
    if isinstance(getattr(_DEFAULTS, name.lower()), tuple):
        return setting_values.listed
    return setting_values.size_bytes if name.endswith("_BYTES") else None


def parse(*layers: Mapping[str, str | None]) -> Settings:
    """Settings out of name -> text; a later layer wins. Raises SettingsError that names every wrong one."""
    kinds = {name.upper(): kind for name, kind in get_type_hints(Settings, include_extras=True).items()}
    merged: dict[str, str] = {}
    for layer in layers:
        merged |= _by_new_names(layer)
    parsed: dict[str, Any] = {}
    wrong: list[str] = []
    for name, kind in kinds.items():
        if text := merged.get(name):
            try:
                parsed[name.lower()] = setting_values.value(text, kind, _reader(name))
            except ValueError as error:
                wrong.append(_problem(name, text, str(error)))
    settings = msgspec.structs.replace(_DEFAULTS, **parsed)
    wrong += _contradictions(settings)
    if wrong:
        raise SettingsError("\n".join(wrong))
    return settings


def _contradictions(settings: Settings) -> list[str]:
    found = []
    if settings.database_url and not settings.database_url.startswith(("postgresql://", "postgres://", "postgresql+")):
        found.append("DATABASE_URL: a postgresql:// URL is needed")
    if settings.uses_embedded_database and settings.app_env == "production":
        found.append("APP_ENV=production: DATABASE_URL or DB_HOST is needed, the embedded database is for one machine")
    if settings.api_root_path and not settings.api_root_path.startswith("/"):
        found.append("API_ROOT_PATH: begins with a slash")
    if not _HEADER_VALUE.fullmatch(settings.file_cache_control):
        found.append("FILE_CACHE_CONTROL: what the header says is needed, such as `private, no-cache`")
    if settings.accel_prefix and not _ACCEL_PREFIX.fullmatch(settings.accel_prefix):
        found.append("ACCEL_PREFIX: a path like /stored is needed")
    return found


def _names() -> tuple[str, ...]:
    return (*(field.upper() for field in Settings.__struct_fields__), *OLD_NAMES)


def _check_names(written: Mapping[str, str | None]) -> None:
    """A name in `.env` that nobody reads is most likely a slip. Raises SettingsError that names every one."""
    known = {*_names(), *WITHOUT_SUCCESSOR}
    unknown = [name for name in written if name not in known and not _FOREIGN.match(name)]
    if unknown:
        raise SettingsError("\n".join(f".env: {_unknown(name)}" for name in unknown))


def _unknown(name: str) -> str:
    meant = setting_values.nearest(name.upper(), _names())
    return f"{name} is no setting: " + (f"{meant} perhaps?" if meant else "docs/configuration.md lists all that are.")


def remarks(settings: Settings, environment: Mapping[str, str] | None = None) -> list[str]:
    """What is odd about the settings of this process, though it works: for the log, once at start.

    The environment holds much that is not ours, so a name in it is remarked on only where it is close to one of ours.
    """
    environment = os.environ if environment is None else environment
    known = _names()
    found = [
        f"{_unknown(name)} It is not read."
        for name, text in environment.items()
        if text and name not in known and setting_values.nearest(name, known, how_near=0.85)
    ]
    if without := [name for name in WITHOUT_SUCCESSOR if environment.get(name)]:
        found.append(f"{', '.join(without)}: not read, nothing here needs it")
    if settings.font_dir != _DEFAULTS.font_dir and not settings.font_path.is_dir():
        found.append(f"FONT_DIR={settings.font_dir}: there is no such folder, texts are drawn with the other fonts")
    return found


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
