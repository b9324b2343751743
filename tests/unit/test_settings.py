"""Settings: what they take, what they refuse, and that the documents say the truth."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
from dotenv import dotenv_values

from reelwright.settings import Settings, SettingsError, load, parse

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
        "ALLOWED_FORMATS: exe",
        "DATABASE_URL",
    ):
        assert part in said
    assert "s3cret" not in said


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
