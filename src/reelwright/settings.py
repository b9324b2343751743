"""Every setting: its environment name, unit, default and meaning. settings_reader.py reads them.

`docs/configuration.md` and `.env.example` are checked against this module by a test.
"""

from __future__ import annotations

import ipaddress
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote

import msgspec
from msgspec import Meta

from reelwright import source_codecs

CONTAINERS = ("mov", "matroska", "webm", "avi", "mpegts", "flv", "asf", "mpeg", "mpegvideo", "ogg", "dv", "mxf", "gif")
"""The demuxers that may open a client's file. None of them follows a reference out of the file."""
SOUND_CONTAINERS = ("mp3", "wav", "flac", "ogg", "mov", "matroska", "webm")
"""Those that may open a file of sound alone."""

QUEUES = ("light", "media")
"""What jobs wait in, by what they cost: jobs/queue_choice.py."""

Positive = Annotated[int, Meta(gt=0)]
NotNegative = Annotated[int, Meta(ge=0)]
Seconds = Annotated[float, Meta(gt=0)]
MOST_DAYS = 36_500
Days = Annotated[int, Meta(ge=0, le=MOST_DAYS)]


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
            " may keep them, also after they were deleted here. Empty: `public, max-age=31536000, immutable`, where"
            " clients need keys `private` instead of `public`."
        ),
    ] = ""
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
    light_jobs_beside: Annotated[
        NotNegative,
        Meta(
            description="Jobs of the queue `light` (stills, copies, sound) that a worker runs beside those when it"
            " takes others as well: a poster does not wait until an encode ends. 0: none."
        ),
    ] = 1
    worker_queues: Annotated[
        tuple[str, ...],
        Meta(description="Queues of which a worker takes jobs, of `light` and `media` (docs/operations.md)."),
    ] = QUEUES
    machine_memory_bytes: Annotated[
        NotNegative,
        Meta(
            description="Memory that the jobs of all workers of this machine may take together, by forecast, bytes:"
            " what does not fit waits. 0: four fifths of what the machine, or its control group, has."
        ),
    ] = 0
    machine_cores: Annotated[
        NotNegative,
        Meta(
            description="Cores that the jobs of all workers of this machine may keep busy together, by forecast: what"
            " does not fit waits. 0: not counted, MAX_CONCURRENT_JOBS alone says how many run."
        ),
    ] = 0
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
    auth: Annotated[
        Literal["auto", "off", "keys"],
        Meta(
            description="Whether clients need a key (`reelwright keys`). `auto`: where APP_HOST is not this machine"
            " alone. `off`: whoever reaches the port may do everything."
        ),
    ] = "auto"
    idempotency_keep_s: Annotated[
        Seconds,
        Meta(description="So long a POST that comes again with its `Idempotency-Key` is known, seconds (24 h)."),
    ] = 24 * 3600.0
    key_requests_per_minute: Annotated[
        NotNegative,
        Meta(
            description="Requests a minute with one key, by each API process; more get 429. 0: no limit. This and the"
            " next hold for keys and projects that have no limits of their own (docs/access.md)."
        ),
    ] = 0
    key_jobs_per_minute: Annotated[NotNegative, Meta(description="New jobs a minute with one key. 0: no limit.")] = 0
    key_unfinished_jobs: Annotated[NotNegative, Meta(description="Unfinished jobs of one key. 0: no limit.")] = 0
    key_concurrent_uploads: Annotated[NotNegative, Meta(description="Uploads at once with one key. 0: no limit.")] = 0
    project_requests_per_minute: Annotated[NotNegative, Meta(description="The same of all keys of a project.")] = 0
    project_jobs_per_minute: Annotated[NotNegative, Meta(description="The same of all keys of a project.")] = 0
    project_unfinished_jobs: Annotated[NotNegative, Meta(description="The same of all keys of a project.")] = 0
    project_concurrent_uploads: Annotated[NotNegative, Meta(description="The same of all keys of a project.")] = 0
    project_stored_bytes: Annotated[
        NotNegative,
        Meta(description="Bytes of a project's stored files; beyond, uploads and jobs get 507. 0: no limit."),
    ] = 0
    project_made_minutes_per_day: Annotated[
        NotNegative,
        Meta(description="Minutes of video that a project may make in a day (UTC); beyond, jobs get 429. 0: no limit."),
    ] = 0
    project_made_minutes_per_month: Annotated[NotNegative, Meta(description="The same in a month.")] = 0
    max_token_s: Annotated[
        Positive, Meta(description="Longest life of a token or a signed address (`POST /tokens`), seconds (a day).")
    ] = 24 * 3600
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
    upload_expiry_s: Annotated[
        Seconds,
        Meta(description="An unfinished upload to which nothing comes for so long is removed, seconds (1 d)."),
    ] = 24 * 3600.0
    max_unfinished_uploads: Annotated[Positive, Meta(description="Unfinished uploads of one project, at most.")] = 1000
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
    previews_at_once: Annotated[
        Positive, Meta(description="Previews of edits that one API process makes at once, beside all jobs.")
    ] = 2
    preview_wait_s: Annotated[
        Seconds, Meta(description="How long a preview waits for its turn before it is answered with 503, seconds.")
    ] = 5.0
    preview_timeout_s: Annotated[Seconds, Meta(description="A preview that takes longer is given up, seconds.")] = 20.0
    max_preview_s: Annotated[Seconds, Meta(description="Longest draft that a preview makes, seconds.")] = 10.0
    max_duration_s: Annotated[Seconds, Meta(description="Longest video, seconds (12 h).")] = 12 * 3600.0
    max_pixels: Annotated[Positive, Meta(description="Largest picture, pixels (8192 x 4320).")] = 8192 * 4320
    max_frame_rate: Annotated[Seconds, Meta(description="Highest frame rate, frames a second.")] = 240.0
    max_streams: Annotated[Positive, Meta(description="Most tracks of picture and sound in one file.")] = 32
    probe_timeout_s: Annotated[Seconds, Meta(description="Wall-clock limit of one probe, seconds.")] = 30.0

    # Addresses that clients name
    outbound_ports: Annotated[
        tuple[str, ...],
        Meta(description="Ports that the service connects to on behalf of clients, such as 443,8000-8999."),
    ] = ("80", "443")
    outbound_allowed: Annotated[
        tuple[str, ...],
        Meta(
            description="Networks (10.1.0.0/16) and hosts (media.internal, *.corp.example) that it may connect to"
            " besides, though they are not public. A host that is named here is trusted wherever its name leads."
        ),
    ] = ()
    import_timeout_s: Annotated[
        Seconds, Meta(description="An attempt at an import that downloads for longer is given up, seconds (6 h).")
    ] = 6 * 3600.0
    import_stall_timeout_s: Annotated[
        Seconds,
        Meta(description="An import that for so long gets nothing, or less than 1 KiB a second, is ended, seconds."),
    ] = 30.0
    fetch_timeout_s: Annotated[
        Seconds, Meta(description="What an edit names by an address has to be there within so long, seconds.")
    ] = 30.0
    max_fetched_bytes: Annotated[
        Positive,
        Meta(
            description="Largest video or sound that an edit names by an address, bytes (100 MiB); pictures:"
            " MAX_ASSET_BYTES. Larger ones are imported first."
        ),
    ] = 100 * 2**20

    # Jobs
    max_failures: Annotated[
        Positive, Meta(description="Lost or retryable attempts after which a job ends in FAILURE.")
    ] = 3
    trim_mode: Annotated[
        Literal["exact", "smart", "copy", "auto"],
        Meta(
            description="How cuts are made whose request names no `mode`. `exact` codes all anew; `auto` copies what"
            " can be copied, where the result is as exact (docs/editing.md says when to choose it)."
        ),
    ] = "exact"
    reuse_results: Annotated[
        bool,
        Meta(
            description="An edit that was made of the same content before takes that result, one that is being made"
            ' shares its encode. `false`: every edit is made anew, as with `"reuse": false` in its request.'
        ),
    ] = True
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

    # How long what is stored is kept (docs/retention.md): for projects that have no rules of their own
    video_keep_days: Annotated[
        Days,
        Meta(description="Videos are deleted after so many days, with all that was made of them. 0: they are kept."),
    ] = 0
    result_keep_days: Annotated[
        Days, Meta(description="Results are deleted after so many days. 0: they are kept as long as their video.")
    ] = 0
    asset_keep_days: Annotated[
        Days,
        Meta(
            description="Assets (pictures, sounds and subtitles that edits use) are deleted after so many days, but for"
            " those that a template names. 0: they are kept."
        ),
    ] = 0
    job_keep_days: Annotated[
        Days,
        Meta(description="Jobs that ended so many days ago are forgotten, once their results are gone. 0: they stay."),
    ] = 0
    trash_days: Annotated[
        Days, Meta(description="Videos that were deleted can be had back for so many days. 0: they are gone at once.")
    ] = 0
    event_keep_days: Annotated[int, Meta(gt=0, le=MOST_DAYS, description="Events are kept for so many days.")] = 30
    delivery_keep_days: Annotated[
        int,
        Meta(
            gt=0,
            le=MOST_DAYS,
            description="What was sent to webhooks is kept for so many days, and no longer than its event.",
        ),
    ] = 30

    # Webhooks
    webhook_timeout_s: Annotated[
        Seconds, Meta(description="A webhook's endpoint has to have answered within so long, seconds.")
    ] = 15.0

    # Media processes
    system_calls: Annotated[
        Literal["auto", "allow-list", "deny-list"],
        Meta(
            description="What media processes may ask of the kernel: what they need (`allow-list`), or all but what"
            " does harm (`deny-list`). `auto`: the list, where ffmpeg, the prober and the text drawer run with it."
        ),
    ] = "auto"
    ffmpeg_threads: Annotated[
        NotNegative, Meta(description="Threads of one encode; 0: as many as there are cores for us, at most 16.")
    ] = 0
    probe_memory_bytes: Annotated[Positive, Meta(description="Address space of one probe, bytes (1 GiB).")] = 2**30
    media_memory_bytes: Annotated[Positive, Meta(description="Address space of one media process, bytes (8 GiB).")] = (
        8 * 2**30
    )
    max_output_bytes: Annotated[Positive, Meta(description="Largest file a job may write, bytes (100 GiB).")] = (
        100 * 2**30
    )

    @property
    def listens_to_others(self) -> bool:
        """Whether other machines can reach the API where nothing stands before it."""
        with suppress(ValueError):
            return not ipaddress.ip_address(self.app_host).is_loopback
        return self.app_host != "localhost"

    @property
    def needs_keys(self) -> bool:
        return self.auth == "keys" or (self.auth == "auto" and self.listens_to_others)

    @property
    def cache_control_of_files(self) -> str:
        whose = "private" if self.needs_keys else "public"
        return self.file_cache_control or f"{whose}, max-age=31536000, immutable"

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
