"""Settings: what they take, what they refuse, and that the documents say the truth."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest
from dotenv import dotenv_values

from reelwright import source_codecs
from reelwright.settings import Settings
from reelwright.settings_reader import SettingsError, load, parse
from reelwright.settings_warnings import warnings

ROOT = Path(__file__).parents[2]


def test_the_documents_are_what_the_settings_say() -> None:
    """`.env.example` and docs/configuration.md are written by the script, never by hand."""
    script = runpy.run_path(str(ROOT / "scripts" / "document_settings.py"))
    for path, write in script["DOCUMENTS"].items():
        assert path.read_text() == write(), f"run scripts/document_settings.py: {path.name} is old"


def test_the_example_copied_unchanged_gives_the_defaults() -> None:
    """It serves `make up` as it is."""
    assert parse(dotenv_values(ROOT / ".env.example")) == Settings()


def test_every_wrong_value_is_named_at_once() -> None:
    """With its name, its value and what is taken; secrets are not shown."""
    with pytest.raises(SettingsError) as caught:
        parse(
            {
                "APP_PORT": "http",
                "APP_ENV": "prodution",
                "MAX_UPLOAD_BYTES": "-1",
                "ALLOWED_FORMATS": "mov,exe",
                "DATABASE_URL": "mysql://s3cret",
            }
        )
    said = str(caught.value)
    for part in (
        "APP_PORT='http'",
        "APP_ENV='prodution': one of development, test, production is needed",
        "MAX_UPLOAD_BYTES='-1'",
        "ALLOWED_FORMATS='mov,exe': exe not among mov,",
        "DATABASE_URL",
    ):
        assert part in said
    assert "s3cret" not in said


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("APP_PORT", "http", "a whole number of at least 1 up to 65535 is needed"),
        ("MAX_FAILURES", "0", "a whole number above 0 is needed"),
        ("LEASE_S", "soon", "a number above 0 is needed"),
        ("MAX_UPLOAD_BYTES", "2 gigs", "a number of bytes is needed, such as 2147483648, 500MB or 2GiB"),
        ("LOG_LEVEL", "LOUD", "one of DEBUG, INFO, WARNING, ERROR is needed"),
        ("CORS_ORIGINS", "https://app.example/", "not how browsers write an origin: https://app.example perhaps?"),
        ("CORS_ORIGINS", "app.example", "it has no scheme: https://app.example perhaps?"),
        ("CORS_ORIGINS", "*", "name exact origins"),
        ("CORS_ORIGINS", "ftp://app.example", "is no origin: one looks like https://app.example"),
        ("CORS_ORIGINS", "https://me@app.example", "is no origin: one looks like https://app.example"),
        ("CORS_ORIGINS", "https://a.example:port", "is no origin"),
        ("CORS_ORIGINS", '["https://a.example"', "a list is needed"),
        ("OUTBOUND_PORTS", "80,x-9", "x-9 is no port: one is written as 443, many as 8000-8999"),
        ("OUTBOUND_PORTS", "70000", "70000 is no port"),
        ("OUTBOUND_ALLOWED", "10.0.0.1/8", "10.0.0.1/8 is no network: one looks like 10.1.0.0/16"),
        ("OUTBOUND_ALLOWED", "https://media.internal/x", "no scheme, no port, no path): media.internal perhaps?"),
        ("ALLOWED_FORMATS", "video/x-exe", "video/x-exe not among mov, matroska"),
        ("WORKER_QUEUES", "light,medai", "medai not among light, media (media perhaps?)"),
        ("WORKER_QUEUES", ",", "one of light, media is needed, or several"),
        ("REUSE_RESULTS", "perhaps", "true or false is needed"),
    ],
)
def test_a_wrong_value_is_answered_with_what_is_taken(name: str, text: str, said: str) -> None:
    """In words of the person who wrote it, not of a type checker."""
    with pytest.raises(SettingsError) as caught:
        parse({name: text})
    assert f"{name}={text!r}: " in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"), [("2147483648", 2**31), ("2GB", 2 * 10**9), ("2 GiB", 2**31), ("1.5k", 1500), ("7b", 7)]
)
def test_sizes_may_have_units(text: str, expected: int) -> None:
    """As people write them."""
    assert parse({"MAX_UPLOAD_BYTES": text}).max_upload_bytes == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mov, avi", ("mov", "avi")),
        ('["video/mp4", "video/avi", "video/mov", "video/wmv"]', ("mov", "avi", "asf")),
        ("video/mp4,video/quicktime,.webm", ("mov", "webm")),
        ("mpeg", ("mpeg",)),
        ("mpg", ("mpeg", "mpegvideo")),
    ],
)
def test_containers_may_be_named_by_mime_type_or_extension(text: str, expected: tuple[str, ...]) -> None:
    """By either name of the setting, as a list or as JSON."""
    assert parse({"ALLOWED_FORMATS": text}).allowed_formats == expected
    assert parse({"ALLOWED_VIDEO_TYPES": text}).allowed_formats == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("light", ("light",)),
        ("media, Light", ("media", "light")),
        ("render", ("light", "media")),
        ("", ("light", "media")),
    ],
)
def test_a_worker_takes_the_queues_that_are_named(text: str, expected: tuple[str, ...]) -> None:
    """`render` is what they were together, and nothing names all."""
    assert parse({"WORKER_QUEUES": text}).worker_queues == expected


def test_origins_are_taken_as_browsers_write_them() -> None:
    """Scheme, host and port; a list or JSON."""
    origins = ("https://app.example", "http://localhost:3000", "http://[::1]:8080")
    assert parse({"CORS_ORIGINS": ", ".join(origins)}).cors_origins == origins
    assert parse({"CORS_ORIGINS": '["https://app.example"]'}).cors_origins == ("https://app.example",)


def written(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> Settings:
    """The settings of a process whose `.env` has that text."""
    (folder / ".env").write_text(text)
    monkeypatch.chdir(folder)
    load.cache_clear()
    try:
        return load()
    finally:
        load.cache_clear()


def test_a_name_that_nobody_reads_is_refused_with_a_hint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every one in `.env`, at once; what Compose and libraries read is let pass."""
    with pytest.raises(SettingsError) as caught:
        written(tmp_path, monkeypatch, "APP_PROT=8001\nCOMPOSE_PROJECT_NAME=x\nOTEL_SERVICE_NAME=y\nSHOE_SIZE=44\n")
    said = str(caught.value)
    assert said == (
        ".env: APP_PROT is no setting: APP_PORT perhaps?\n"
        ".env: SHOE_SIZE is no setting: docs/configuration.md lists all that are."
    )


def test_the_env_files_of_earlier_plans_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Word for word; what has no successor is remarked on."""
    plan_a = (
        "APP_ENV=dev\nAPP_HOST=0.0.0.0\nAPP_PORT=8000\n\nDB_HOST=db\nDB_PORT=5432\nDB_NAME=videos\nDB_USER=videos\n"
        "DB_PASSWORD=videos\n\nMEDIA_ROOT=/data\nFONT_DIR=/fonts\n\nFFMPEG_BIN=ffmpeg\nFFPROBE_BIN=ffprobe\n\n"
        "API_ROOT_PATH=\n"
    )
    settings = written(tmp_path, monkeypatch, plan_a)
    assert (settings.app_env, settings.db_name, settings.media_root) == ("development", "videos", "/data")
    plan_b = (
        "DATABASE_URL=postgresql://username:password@localhost:5432/video_processing\nREDIS_URL=redis://localhost:6379/0\n"
        "SECRET_KEY=your-super-secret-key-here\nUPLOAD_DIR=uploads\nPROCESSED_DIR=processed\nASSETS_DIR=assets\n"
        'MAX_FILE_SIZE=524288000\nALLOWED_VIDEO_TYPES=["video/mp4", "video/avi", "video/mov", "video/wmv"]\n'
    )
    settings = written(tmp_path, monkeypatch, plan_b)
    assert (settings.max_upload_bytes, settings.allowed_formats) == (524_288_000, ("mov", "avi", "asf"))


def test_what_is_odd_in_the_environment_is_remarked_on(tmp_path: Path) -> None:
    """A slip, a folder that is not there, a name without successor: the service runs, and says so."""
    settings = parse({"FONT_DIR": str(tmp_path / "none")})
    (slip, without, folder) = warnings(settings, {"APP_PROT": "1", "HOME": "/", "SECRET_KEY": "x", "APP_PORT": "8000"})
    assert "APP_PROT is no setting: APP_PORT perhaps?" in slip
    assert "SECRET_KEY" in without
    assert "no such folder" in folder
    usual = ("PATH", "HOSTNAME", "LANG", "SHELL", "PWD", "LOGNAME", "TERM", "DATABASE", "APP_NAME", "MEDIA_URL", "DB")
    assert warnings(Settings(), dict.fromkeys(usual, "x")) == []


def test_a_service_that_is_open_to_all_is_remarked_on() -> None:
    """Where nobody has to say who it is, and other machines reach the port."""
    (said,) = warnings(parse({"AUTH": "off", "APP_HOST": "0.0.0.0"}), {})
    assert "AUTH=off, and APP_HOST=0.0.0.0 is open to other machines" in said
    assert warnings(parse({"AUTH": "off", "APP_HOST": "127.0.0.2"}), {}) == []
    assert warnings(parse({"APP_HOST": "0.0.0.0"}), {}) == []


@pytest.mark.parametrize(
    ("name", "text"), [("API_ROOT_PATH", "videos"), ("FILE_CACHE_CONTROL", "private\r\nSet-Cookie: a=b")]
)
def test_a_value_that_would_break_addresses_or_headers_is_refused(name: str, text: str) -> None:
    """Where the service is mounted begins with a slash; what a header says is one line."""
    with pytest.raises(SettingsError, match=f"^{name}: "):
        parse({name: text})


def test_old_names_are_read_and_new_names_win() -> None:
    """MAX_FILE_SIZE counts where MAX_UPLOAD_BYTES is not set."""
    assert parse({"MAX_FILE_SIZE": "500"}).max_upload_bytes == 500
    assert parse({"MAX_FILE_SIZE": "500", "MAX_UPLOAD_BYTES": "600"}).max_upload_bytes == 600


def test_an_old_name_in_the_environment_wins_over_env_file() -> None:
    """The environment wins, by whichever name; its empty value means the default."""
    written = {"MAX_UPLOAD_BYTES": "600", "FFMPEG_BIN": "/opt/ffmpeg"}
    assert parse(written, {"MAX_FILE_SIZE": "500"}).max_upload_bytes == 500
    assert parse(written, {"FFMPEG_BIN": "", "MAX_FILE_SIZE": ""}) == parse({"MAX_UPLOAD_BYTES": "600"})


def test_a_file_that_is_no_text_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `.env` that an editor saved as UTF-16."""
    (tmp_path / ".env").write_text("APP_PORT=8001\n", encoding="utf-16")
    monkeypatch.chdir(tmp_path)
    load.cache_clear()
    with pytest.raises(SettingsError, match="not UTF-8"):
        load()


def test_port_0_is_refused() -> None:
    """Nobody could tell where the API listens."""
    with pytest.raises(SettingsError, match="APP_PORT='0'"):
        parse({"APP_PORT": "0"})


def test_production_needs_a_database_of_its_own() -> None:
    """The embedded one is for one machine."""
    with pytest.raises(SettingsError, match="DATABASE_URL or DB_HOST"):
        parse({"APP_ENV": "production"})
    assert not parse({"APP_ENV": "production", "DB_HOST": "db"}).uses_embedded_database


def test_the_database_url_wins_and_parts_are_escaped() -> None:
    """Any postgresql:// form; passwords may hold any character."""
    assert parse({"DB_HOST": "db", "DATABASE_URL": "postgres://u@h/d"}).configured_database_url == "postgresql://u@h/d"
    url = parse({"DB_HOST": "db", "DB_PASSWORD": "a/b@c:d"}).configured_database_url
    assert url == "postgresql://reelwright:a%2Fb%40c%3Ad@db:5432/reelwright"
    assert "@[::1]:5432/" in parse({"DB_HOST": "::1"}).configured_database_url
    url = parse({"DB_HOST": "/run/postgresql"}).configured_database_url
    assert url == "postgresql://reelwright:reelwright@/reelwright?host=/run/postgresql&port=5432"


@pytest.mark.parametrize("prefix", ["stored", "/", "/stored/", "/../etc", "/a b", "/stored;", "//host"])
def test_the_place_of_files_in_nginx_is_a_plain_path(prefix: str) -> None:
    """ACCEL_PREFIX goes into a header and an internal location as it is."""
    with pytest.raises(SettingsError, match="ACCEL_PREFIX"):
        parse({"ACCEL_PREFIX": prefix})
    assert parse({"ACCEL_PREFIX": "/stored"}).accel_prefix == "/stored"


def test_codecs_are_taken_by_their_names_alone() -> None:
    """FFmpeg's, or as people call them; nothing else becomes a part of an option."""
    assert parse({"ALLOWED_VIDEO_CODECS": "H264, h.265,exr,AV1"}).video_codecs == ("h264", "hevc", "exr", "av1")
    assert "prores" in parse({}).video_codecs
    assert "exr" not in parse({}).video_codecs
    for wrong in ("h264,hvec", "h264:exr", "all", "-y", "h264 exr"):
        with pytest.raises(SettingsError, match="is no codec that can be taken"):
            parse({"ALLOWED_VIDEO_CODECS": wrong})


def test_the_codecs_that_can_be_named_are_listed() -> None:
    """The page that the refusal names has all of them, and no other."""
    page = (ROOT / "docs/deployment.md").read_text().partition("### Codecs")[2].partition("## Security")[0]
    default, more = page.split("Others can be named")
    assert re.findall(r"`([a-z0-9_]+)`", default) == list(source_codecs.VIDEO)
    assert re.findall(r"`([a-z0-9_]+)`", more) == list(source_codecs.MORE_VIDEO)


def test_what_lets_clients_ask_the_cloud_who_this_machine_is_is_remarked_on() -> None:
    """And what does not, is not."""
    settings = parse({"OUTBOUND_ALLOWED": "169.254.0.0/16,0.0.0.0/0,10.0.0.0/8,::/0,media.internal"})
    wide = [remark for remark in warnings(settings, {}) if "169.254.169.254" in remark]
    assert [remark.partition(":")[0] for remark in wide] == [
        "OUTBOUND_ALLOWED=169.254.0.0/16",
        "OUTBOUND_ALLOWED=0.0.0.0/0",
    ]
