"""Makes tests/upgrades/<revision>: what a release with that schema leaves behind when it is stopped amid its work.

    .venv/bin/python scripts/make_upgrade_fixture.py REVISION COMMIT

COMMIT is one at which REVISION was the newest (`git log -- migrations/versions`). Its own code runs, in this virtual
environment: it makes the schema, takes an upload of a few kilobytes and edits of every kind that it knows, and a worker
of its own is killed with each kind of job in its hands. Then the same edits once more, which nobody takes up; from 0012
on they follow those that were begun, and come a third time, to be made anew. What is kept is the database as SQL text,
with rows as INSERT statements, and MEDIA_ROOT as it lies on the disk. Run it once, when a revision is about to stop
being the newest; fixtures are never made again, for they are what was.
"""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1]))

import httpx

from reelwright.db.embedded import acquire, binaries
from reelwright.settings_reader import parse
from tests.support.media_files import ffmpeg
from tests.support.service import Service

ROOT = Path(__file__).parents[1]
FIXTURES = ROOT / "tests" / "upgrades"
TRIM = ("/trim", {"start": 0.5, "end": 2})
OVERLAYS = (
    "/overlays",
    {
        "overlays": [{"type": "text", "text": "नमस्ते", "font_size": 16, "start": 0.2, "end": 1.5}],
        "watermark": {"image_path": "wm.png"},
    },
)
TRANSCODE = (
    "/transcode/{video_id}",
    {"qualities": ["source", "240p"], "hls": True, "poster": {}, "sprite": {}},
)
EDITS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "0001": [],
    "0002": [TRIM],
    "0003": [TRIM, OVERLAYS],
}
"""What clients of that release could ask for; later ones: all."""


def main(revision: str, commit: str) -> None:
    os.environ["TESTS_START"] = "exec"  # that release's code, and not what this process could fork
    target = FIXTURES / revision
    target.mkdir()  # fails where there is one
    with tempfile.TemporaryDirectory(prefix="reelwright-fixture-") as name:
        folder = Path(name)
        packed = subprocess.run(
            ["git", "archive", "--format=zip", commit], cwd=ROOT, capture_output=True, check=True
        ).stdout
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            archive.extractall(folder / "release")
        with acquire(folder / "postgres", grace_s=0) as server:
            asyncio.run(_work(revision, folder, server.url))
            programs = binaries.find(folder / "postgres").folder
            dump = subprocess.run(
                [programs / "pg_dump", "--inserts", "--no-owner", "--no-privileges", server.url],
                capture_output=True,
                check=True,
                text=True,
            ).stdout
        lines = [
            line for line in dump.splitlines() if line and not line.startswith(("--", "\\", "SET transaction_timeout"))
        ]
        (target / "database.dump").write_text("\n".join(lines) + "\n")
        if (folder / "media").exists():
            shutil.copytree(folder / "media", target / "media", ignore=shutil.ignore_patterns("work"))


async def _work(revision: str, folder: Path, url: str) -> None:
    release = {"PYTHONPATH": f"{folder / 'release/src'}:{folder / 'release/workers'}"}
    migrating = (
        "import asyncio, sys; from reelwright.db.migrate import *;"
        "asyncio.run(upgrade(create_engine(sys.argv[1], application_name='fixture'), sys.argv[2]))"
    )
    settings = parse({"APP_ENV": "test", "DATABASE_URL": url, "MEDIA_ROOT": str(folder / "media"), "LEASE_S": "60"})
    service = Service(settings, folder)
    migration = await service.start("migrate", "-c", migrating, url, revision, **release)
    if await migration.process.wait():
        raise SystemExit(migration.log.read_text())
    edits = EDITS.get(revision, [TRIM, OVERLAYS, TRANSCODE])
    if not edits:
        return
    clip = folder / "clip.mp4"
    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc=size=160x90:rate=10:duration=3", "-f", "lavfi", "-i", "sine=duration=3"),
        *("-c:v", "libx264", "-crf", "40", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "8k", "-shortest", str(clip)),
    )
    async with httpx.AsyncClient(base_url=service.url, timeout=60, trust_env=False) as service.client:
        api = await service.start_api(**release)
        video = await service.upload(clip)

        async def ask(**more: Any) -> list[str]:
            jobs = []
            for path, body in edits:
                address = path.format(video_id=video["id"])
                named = {} if address != path else {"video_id": video["id"]}
                answer = await service.client.post(address, json={**named, **body, **more})
                if answer.status_code != 202:
                    raise SystemExit(answer.text)
                jobs.append(answer.json()["job_id"])
            return jobs

        for job_id in await ask():
            while (await service.job(job_id))["status"] == "PENDING":
                worker = await service.start(
                    "worker",
                    *("-m", "procrastinate", "--app=reelwright_worker.app.app", "worker"),
                    REELWRIGHT_FAULTS="claimed=kill",
                    MAX_CONCURRENT_JOBS="1",
                    **release,
                )
                if await asyncio.wait_for(worker.process.wait(), 600) != -9:
                    raise SystemExit(worker.log.read_text())
        await ask()
        if revision >= "0012":
            await ask(reuse=False)
        print(*[f"{row['type']} {row['status']}" for row in await service.sql("SELECT type, status FROM jobs")])
        await api.end()


if __name__ == "__main__":
    main(*sys.argv[1:])
