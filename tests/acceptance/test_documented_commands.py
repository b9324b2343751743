"""The commands of README and docs, pasted page by page into a shell: in a folder with a space, beside the services that
they start themselves.

What stands in a block `sh` is run as it is. The word behind `sh` says what cannot be run here (CONTRIBUTING.md): the
shell reads it, and what it names is looked for.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.support import needs
from tests.support.media_files import ffmpeg
from tests.support.processes import PATIENCE_S, Process
from tests.support.service import free_port, http_client

ROOT = Path(__file__).parents[2]
TOUR = (
    "README.md",
    "docs/editing.md",
    "docs/transcoding.md",
    "docs/overlays.md",
    "docs/thumbnails.md",
    "docs/streaming.md",
)
"""Pages whose commands go on from one another, in this order; then come all others."""
PAGES = [ROOT / page for page in TOUR] + sorted(
    {*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")} - {ROOT / page for page in TOUR}
)
BLOCK = re.compile(r"^```sh(?: (\w+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NOT_RUN = {"make", "containers", "server"}
STARTS = {"services": "started and left running", "worker": "asked of a worker that was started so"}

pytestmark = pytest.mark.needs("curl")


def blocks(*kinds: str | None) -> Iterator[tuple[str, str]]:
    """Page and text of each block of one of these kinds (None: `sh` alone)."""
    for page in PAGES:
        for kind, text in BLOCK.findall(page.read_text()):
            if (kind or None) in kinds:
                yield page.name, text


def test_every_command_stands_in_a_block_that_is_checked() -> None:
    """No other kind of block, and none that is only indented, holds commands."""
    kinds = {kind for page in PAGES for kind, _ in BLOCK.findall(page.read_text())}
    assert kinds <= {"", *NOT_RUN, *STARTS}
    command = re.compile(r"^ {4}(curl|make|docker|reelwright|procrastinate|\.venv|python|pip|git|systemctl)\b", re.M)
    for page in PAGES:
        assert command.findall(page.read_text()) == [], page.name


@pytest.mark.parametrize("kind", sorted(NOT_RUN))
def test_what_cannot_be_run_here_is_at_least_a_shell_command_that_names_what_exists(kind: str) -> None:
    """Targets of make, scripts, lock files, deploy/."""
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.M))
    for page, text in blocks(kind):
        read = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False)
        assert read.returncode == 0, (page, text, read.stderr)
        assert set(re.findall(r"^make (\w+)", text, re.M)) <= targets, page
        for named in re.findall(r"(?<![/\w])(?:scripts|deploy)/[\w./*@-]+|requirements[\w-]*\.lock", text):
            assert list(ROOT.glob(named)), (page, named)


@pytest.fixture
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that has what the commands find in a clone: the programs, and a video and a picture of one's own."""
    folder = tmp_path_factory.mktemp("documented") / "a project"
    folder.mkdir()
    (folder / ".venv").symlink_to(ROOT / ".venv")
    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=size=640x360:rate=5:duration=6"),
        *("-f", "lavfi", "-i", "sine=frequency=440:duration=6"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest"),
        str(folder / "holiday.mov"),
    )
    shutil.copy(ROOT / "assets" / "logo.png", folder / "badge.png")
    return folder


class Shell:
    """What somebody has who pastes: a shell in the project's folder, a home, the ports that are free here."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.port = free_port()
        self.ports = {f"localhost:8000:127.0.0.1:{self.port}"}
        self.home = project.parent / "home"
        self.bin = project.parent / "bin"
        self.home.mkdir()
        self.bin.mkdir()
        self._offer()

    def _offer(self) -> None:
        """`curl` that reaches the ports that are used here, and says by its exit status what a server refused."""
        routes = " ".join(f"--connect-to {route}" for route in sorted(self.ports))
        program = self.bin / "curl"
        program.write_text(
            f'#!/bin/sh\nexec {needs.program("curl")} --no-progress-meter --fail-with-body {routes} "$@"\n'
        )
        program.chmod(0o755)

    def reach(self, named: str, port: int) -> None:
        self.ports.add(f"{named}:127.0.0.1:{port}")
        self._offer()

    def environment(self, **more: str) -> dict[str, str]:
        return {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "APP_PORT": str(self.port),
            "DISK_RESERVE_BYTES": "1MB",
            **more,
        }

    async def paste(self, text: str) -> str:
        """Run it all in one shell that ends at the first command that fails; what it wrote."""
        process = await asyncio.create_subprocess_exec(
            *("bash", "-euxo", "pipefail", "-c", text),
            cwd=self.project,
            env=self.environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said = (await asyncio.wait_for(process.communicate(), 270))[0].decode()
        assert process.returncode == 0, said[-6000:]
        return said

    @asynccontextmanager
    async def started(self, line: str, sign: str) -> AsyncIterator[Process]:
        """A command that does not end, until it shows that sign of life."""
        log = self.project.parent / f"{len(list(self.project.parent.glob('*.log')))}.log"
        with log.open("wb") as lines:
            process = await asyncio.create_subprocess_exec(
                *("bash", "-c", f"exec {line}" if "=" not in line.split()[0] else f"exec env {line}"),
                cwd=self.project,
                env=self.environment(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=lines,
                stderr=lines,
            )
        running = Process(process, log)
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not await self._shows(running, sign):
                    assert process.returncode is None, log.read_text()
                    await asyncio.sleep(0.05)
            yield running
        finally:
            await running.end()

    async def _shows(self, running: Process, sign: str) -> bool:
        if sign != "/health":
            return sign in running.log.read_text()
        with suppress(httpx.TransportError):
            async with http_client() as client:
                return (await client.get(f"http://localhost:{self.port}/health")).is_success
        return False


SIGNS = {"serve": "/health", "worker": "worker ready", "up": "Reelwright is up"}
"""What a command that does not end shows, once it works, by its last word."""


@pytest.mark.slow
async def test_all_pages_can_be_pasted(project: Path) -> None:
    """README's services are started, its tour is taken; the other pages' commands are run beside them, behind it."""
    tour = [text for page, text in blocks(None) if page == "README.md"]
    others = [text for page, text in blocks(None) if page != "README.md"]
    async with served(project) as shell:
        said = await shell.paste("\n".join([*tour, 'echo "after the tour:" *.mp4', *others]))
    toured, _, seen = said.partition("\nafter the tour: ")
    assert toured.count("event: state") >= 2, said
    assert seen.partition("\n")[0].count(".mp4") == 2, said
    assert said.count("event: state") >= 6, said
    made = {path.name for path in project.iterdir()}
    assert {"preview.webp", "copy.png"} <= made
    assert {name for name in made if name.endswith(".mp4")}
    assert {path.name for path in (shell.home / "backups").iterdir()} == {"2026-11-21", "2026-11-22"}
    assert (shell.home / "trial" / "uploads").is_dir()


@asynccontextmanager
async def served(project: Path) -> AsyncIterator[Shell]:
    """A shell beside the services that README starts."""
    shell = Shell(project)
    (services,) = [text for page, text in blocks("services") if page == "README.md"]
    migrate, serve, worker = [re.sub(r"\s+#.*", "", line) for line in services.splitlines()]
    await shell.paste(migrate)
    async with shell.started(serve, SIGNS["serve"]), shell.started(worker, SIGNS["worker"]):
        yield shell


@pytest.mark.slow
async def test_other_services_start_as_they_are_documented(project: Path, tmp_path: Path) -> None:
    """Each in the environment that its line sets; what is asked of a worker is answered."""
    folder = tmp_path / "another project"
    folder.mkdir()
    (folder / ".venv").symlink_to(ROOT / ".venv")
    shell = Shell(folder)
    others = [text.strip() for page, text in blocks("services") if page != "README.md"]
    (with_up,) = [line for line in others if not line.endswith("worker")]
    with_metrics, with_queues = sorted(line for line in others if line.endswith("worker"))
    async with (
        shell.started(with_up, SIGNS["up"]),
        shell.started(with_metrics, SIGNS["worker"]) as worker,
        shell.started(with_queues, SIGNS["worker"]),
    ):
        found = re.search(r"metrics at http://127\.0\.0\.1:(\d+)/", worker.log.read_text())
        assert found, worker.log.read_text()
        shell.reach("127.0.0.1:9464", int(found[1]))
        for _, text in blocks("worker"):
            assert "reelwright_worker_slots" in await shell.paste(text)
