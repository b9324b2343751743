"""What compose.yaml promises and what its containers rely on, as far as no engine is needed for it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reelwright.settings import Settings
from tests.support.service import Service

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """compose.yaml with `.env.example`, as Compose reads it."""
    program = shutil.which("docker-compose", path=str(Path(sys.executable).parent))
    assert program
    read = subprocess.run(
        [program, "--env-file", ".env.example", "--profile", "*", "config", "--format", "json"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(read.stdout)["services"]
    return found


def test_every_service_is_confined(services: dict[str, Any]) -> None:
    """Read-only root, no capability, no new privilege, bounded; root only where owners are changed."""
    assert set(services) == {"init", "db", "migrate", "api", "worker", "nginx"}
    for name, service in services.items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert int(service["mem_limit"]) > 0, name
        assert service["pids_limit"] > 0, name
        assert ("cap_add" in service, service.get("user") == "0:0") == (
            (True, True) if name == "init" else (False, False)
        )


def test_nothing_is_published_but_on_this_machine(services: dict[str, Any]) -> None:
    """API and nginx, on 127.0.0.1; what opens strangers' files is in the network without a way out alone."""
    published = {name: [port["host_ip"] for port in service.get("ports", [])] for name, service in services.items()}
    assert {name: hosts for name, hosts in published.items() if hosts} == {"api": ["127.0.0.1"], "nginx": ["127.0.0.1"]}
    assert list(services["worker"]["networks"]) == ["inside"]


def test_the_example_of_settings_says_nothing_else_than_compose(services: dict[str, Any]) -> None:
    """`.env` is for `make up` too: what it says of places does not reach the containers."""
    for name in ("api", "worker", "migrate"):
        environment = services[name]["environment"]
        assert environment["APP_ENV"] == "production"
        assert (environment["DB_HOST"], environment["MEDIA_ROOT"]) == ("db", "/data/media")
        assert environment["AUTH"] == "off"  # what it publishes is this machine's alone
        elsewhere = ("FFMPEG_BIN", "FFMPEG_PATH", "FFPROBE_BIN", "FFPROBE_PATH", "WORK_ROOT", "DATABASE_DIR")
        assert [name for name in elsewhere if environment[name]] == []


def test_only_nginx_is_believed_about_clients(services: dict[str, Any]) -> None:
    """The API takes X-Forwarded-For from nginx' own address, which is neither the bridge's nor another service's."""
    assert services["nginx"]["networks"] == {"outside": {"ipv4_address": "10.213.47.2"}}
    assert services["api"]["environment"]["FORWARDED_ALLOW_IPS"] == "10.213.47.2"


async def test_a_worker_shows_that_it_lives(settings: Settings, tmp_path: Path) -> None:
    """HEARTBEAT_FILE is there when it is ready: the health check of compose looks at its age."""
    file = tmp_path / "heartbeat"
    async with Service(settings, tmp_path).worker(HEARTBEAT_FILE=str(file)):
        assert file.exists()


@pytest.mark.slow
async def test_the_demo_goes_to_a_service_that_runs(
    shared_service: Service, settings: Settings, tmp_path: Path, clip: Path
) -> None:
    """`reelwright demo --url` starts nothing, and brings the result."""
    before = await shared_service.sql("SELECT id FROM videos")
    where = ("--url", shared_service.url, "--video", str(clip), "--output", "out")
    demo = await Service(settings, tmp_path).start("demo", "-m", "reelwright", "demo", *where)
    assert await demo.process.wait() == 0, demo.log.read_text()
    assert (tmp_path / "out" / "clip-trim.mp4").stat().st_size > 0
    assert not settings.media_path.exists()
    assert len(await shared_service.sql("SELECT id FROM videos")) == len(before) + 1


@pytest.mark.slow
async def test_the_demo_says_when_nobody_answers(settings: Settings, tmp_path: Path, clip: Path) -> None:
    """One sentence, and status 1."""
    url = "http://127.0.0.1:1"
    where = ("--url", url, "--video", str(clip), "--output", "out")
    demo = await Service(settings, tmp_path).start("demo", "-m", "reelwright", "demo", *where)
    assert await demo.process.wait() == 1
    assert demo.log.read_text().splitlines()[-1].startswith(f"Error: {url} does not answer")
