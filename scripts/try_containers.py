#!/usr/bin/env python3
"""Runs the image and compose.yaml for real, where a Docker engine is, and says what was seen.

From nothing: build, start with `.env.example` unchanged, the demo, confinement, several workers, workers killed in the
middle of a job, nginx in front, keys. Every line is one check; the exit status is 0 when all hold, 1 when one does not,
77 when there is no engine. Base images that cannot be pulled are made first by scripts/stand_in_images: it needs root.

Runs in a copy of the repository with a project name and ports of its own, which it removes again. Needs the project's
`.venv` (`make install`), for its HTTP client and where Docker has no Compose of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import av
import httpx
import imageio_ffmpeg
import pyvips

ROOT = Path(__file__).parents[1]
PROJECT = "reelwright-try"
IMAGE = "reelwright"
NETWORK = "10.213.147"
LONG_S = 30
"""Length of the video whose job is interrupted, seconds."""
FINAL = {"SUCCESS", "FAILURE", "CANCELLED"}
LETTERS = "漢字かな 한글 हिन्दी தமிழ் العربية 😀🎬"
"""One line that takes six fonts, one of them in colour."""

failed: list[str] = []


def check(what: str, holds: bool, seen: object = "") -> None:
    print(f"{'ok  ' if holds else 'FAIL'} {what}{f': {seen}' if seen != '' else ''}", flush=True)
    if not holds:
        failed.append(what)


def said(*argv: str, **options: Any) -> str:
    """What a command writes, both streams, without its exit status."""
    ended = subprocess.run(
        argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900, check=False, **options
    )
    return str(ended.stdout).strip()


def until(found: Callable[[], Any], *, within_s: float) -> Any:
    """The first true value; raises TimeoutError."""
    deadline = time.monotonic() + within_s
    while not (value := found()):
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.1)
    return value


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Stack:
    """The services of compose.yaml, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.api_port, self.nginx_port = free_port(), free_port()
        mine = {"APP_PORT": str(self.api_port), "NGINX_PORT": str(self.nginx_port), "COMPOSE_PROJECT_NAME": PROJECT}
        mine["OUTSIDE_NET"] = NETWORK
        self.environment = {**os.environ, **mine}
        if not shutil.which("docker-buildx") and "buildx" not in said(
            "docker", "info", "-f", "{{.ClientInfo.Plugins}}"
        ):
            self.environment["DOCKER_BUILDKIT"] = "0"
        own = ROOT / ".venv" / "bin" / "docker-compose"
        has_plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0
        self.program = ["docker", "compose"] if has_plugin else [str(own)]
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.api_port}", timeout=600, trust_env=False)

    def compose(self, *arguments: str) -> str:
        """Raises SystemExit with what it said when it does not succeed."""
        ended = subprocess.run(
            [*self.program, *arguments],
            cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=1800, check=False,
        )  # fmt: skip
        if ended.returncode != 0:
            raise SystemExit(f"compose {' '.join(arguments)} failed:\n{(ended.stdout + ended.stderr)[-4000:]}")
        return ended.stdout.strip()

    def inside(self, service: str, *argv: str) -> str:
        return said(*self.program, "exec", "-T", service, *argv, cwd=self.folder, env=self.environment)

    def logged(self, request_id: str) -> dict[str, Any] | None:
        """The API's line of a request, when it is there."""
        lines = self.compose("logs", "--no-log-prefix", "api").splitlines()
        found = [json.loads(line) for line in lines if line.startswith("{")]
        return next((line for line in found if line.get("request_id") == request_id and "bytes" in line), None)

    def up(self, *arguments: str, profile: tuple[str, ...] = ()) -> float:
        """Start until all is healthy. Returns how long that took, seconds."""
        began = time.monotonic()
        self.compose(*profile, "up", "--detach", "--wait", *arguments)
        return time.monotonic() - began

    def job(self, job_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"/jobs/{job_id}").raise_for_status().json()
        return found

    def ended(self, job_id: str) -> dict[str, Any]:
        found: dict[str, Any] = until(
            lambda: job if (job := self.job(job_id))["status"] in FINAL else None, within_s=600
        )
        return found

    def upload(self, path: Path) -> str:
        with path.open("rb") as file:
            answer = self.client.post("/videos/upload", files={"file": (path.name, file)}).raise_for_status()
        video_id: str = answer.json()["id"]
        return video_id

    def submit(self, path: str, **wish: Any) -> str:
        job_id: str = self.client.post(path, json=wish).raise_for_status().json()["job_id"]
        return job_id


def make_video(path: Path, picture: str) -> None:
    subprocess.run(
        [
            *(imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", picture),
            *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", str(path)),
        ],
        check=True,
    )


def image_alone() -> None:
    """What the image is, without compose."""
    size = int(said("docker", "image", "inspect", "-f", "{{.Size}}", IMAGE))
    check("the image's size", size > 0, f"{size / 1e6:.0f} MB")
    confined = ("docker", "run", "--rm", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--network", "none")
    check("docker run: the command", "version" in (seen := said(*confined, IMAGE, "reelwright", "--version")), seen)
    seen = said(*confined, IMAGE)
    check("docker run: without a database it says so", "DATABASE_URL or DB_HOST is needed" in seen, seen[-140:])
    seen = said(
        *confined, "-e", "APP_ENV=development", "-e", "DATABASE_DIR=/tmp/postgres", IMAGE, "reelwright", "migrate"
    )
    check("docker run: nor is one embedded", "set DATABASE_URL to a server" in seen, seen[-140:])
    tools = said(*confined, IMAGE, "sh", "-c", "command -v gcc cc make g++ ld hatchling; true")
    check("no build tools", tools == "", tools or "gcc, cc, make, g++, ld, hatchling are absent")
    letters = "from reelwright.media.images.fonts import FontBook; found = FontBook.scan(None)\n"
    letters += "print(found.missing_glyphs('漢字かな한글हिबོད😀∑'), len(found.list()))"
    seen = said(*confined, IMAGE, "python", "-c", letters)
    check("fonts: emoji, CJK and the rest of Noto", seen.startswith("[] "), f"{seen.removeprefix('[] ')} styles")
    orphan = "import os, time\nif not os.fork():\n    os.fork() or time.sleep(0.5)\n    os._exit(0)\nos.wait()\n"
    orphan += "time.sleep(1.5)\nstates = [open(f'/proc/{p}/stat').read().rsplit(')')[1].split()[0]"
    orphan += " for p in os.listdir('/proc') if p.isdigit()]\nprint(states.count('Z'), 'zombies')"
    check("orphans are taken in", "0 zombies" in (seen := said(*confined, IMAGE, "python", "-c", orphan)), seen)


def confinement(stack: Stack, service: str, uid: str) -> None:
    status = dict(line.split(":\t", 1) for line in stack.inside(service, "cat", "/proc/1/status").splitlines())
    seen = {name: status[name] for name in ("CapEff", "CapBnd", "NoNewPrivs", "Seccomp")}
    nothing = "0" * 16
    wanted = {"CapEff": nothing, "CapBnd": nothing, "NoNewPrivs": "1", "Seccomp": "2"}
    check(f"{service}: no capability, no new privilege", seen == wanted, seen)
    check(f"{service}: uid {uid}", status["Uid"].split() == [uid] * 4, status["Uid"].split())
    seen_root = stack.inside(service, "sh", "-c", "touch /probe /usr/probe /etc/probe; true")
    check(f"{service}: root is read-only", seen_root.count("Read-only file system") == 3, seen_root.splitlines()[0])


def demo(url: str) -> None:
    """By the image itself, from outside of the stack."""
    seen = said(
        *("docker", "run", "--rm", "--network", "host", "--tmpfs", "/tmp", "--read-only", "-e", "APP_ENV=development"),
        IMAGE,
        *("reelwright", "demo", "--url", url, "--output", "/tmp/demo"),
    )
    lines = [line for line in seen.splitlines() if line.startswith(("Downloaded", "Error"))] or [seen[-300:]]
    check(f"the demo at {url}", lines[0].startswith("Downloaded"), lines[0])


def closed_folder(stack: Stack) -> None:
    """Before anything runs."""
    data = stack.folder / "data"
    data.mkdir(exist_ok=True)
    data.chmod(0o700)
    seen = said(*stack.program, "run", "--rm", "init", cwd=stack.folder, env=stack.environment).splitlines()[-1]
    check("init: ./data that the service cannot enter is named", "cannot enter ./data" in seen, seen)
    data.chmod(0o755)


def stack_alone(stack: Stack) -> None:
    for path in ("/docs", "/openapi.json", "/health"):
        answer = stack.client.get(path)
        check(f"http://localhost:{stack.api_port}{path}", answer.status_code == 200, answer.status_code)
    ready = stack.client.get("/ready").json()
    shown = "; ".join(f"{part['name']}: {part['detail'] or 'fine'}" for part in ready["checks"])
    check("/ready", ready["status"] == "ready", shown)
    held = next(part for part in ready["checks"] if part["name"] == "containment")
    check(
        "media processes are contained: Landlock, seccomp", held["ok"] and held["detail"] is None, held["detail"] or ""
    )
    owner = (stack.folder / "data" / "media").stat()
    check("data/media belongs to 10001", (owner.st_uid, owner.st_gid) == (10001, 10001), f"{owner.st_mode:o}")
    for service, uid in (("api", "10001"), ("worker", "10001"), ("db", "999")):
        confinement(stack, service, uid)
    leave = f"import socket; socket.create_connection({somewhere_else()!r}, 10); print('connected')"
    ways = {service: stack.inside(service, "python", "-c", leave).splitlines()[-1] for service in ("api", "worker")}
    if ways["api"] == "connected":
        check("worker: no way out of its network", ways["worker"] != "connected", ways["worker"])
    else:
        print("     worker: no way out of its network: not tried, this machine has none either")
    published = json.loads(said("docker", "inspect", "-f", "{{json .NetworkSettings.Ports}}", f"{PROJECT}-api-1"))
    hosts = {place["HostIp"] for places in published.values() for place in places or ()}
    check("published on 127.0.0.1 only", hosts == {"127.0.0.1"}, hosts)
    demo(f"http://127.0.0.1:{stack.api_port}")


def somewhere_else() -> tuple[str, int]:
    """A server on another network: the one that this machine's apt asks, which is most likely to be reached."""
    asked = said("apt-get", "indextargets", "--format", "$(REPO_URI)") if shutil.which("apt-get") else ""
    place = urlsplit(next((line for line in asked.splitlines() if line.startswith("http")), "http://example.com"))
    return place.hostname or "example.com", place.port or (443 if place.scheme == "https" else 80)


def texts(stack: Stack, pictures: Path | None) -> None:
    """Burned in by the worker, with what the image brings. `pictures` keeps a frame, to be looked at."""
    plain = stack.folder / "plain.mp4"
    make_video(plain, "color=gray:size=1280x160:rate=25:duration=1")
    line = {"type": "text", "text": LETTERS, "font_size": 64, "color": "white", "x": 40, "y": 30}
    answer = stack.client.post("/overlays", json={"video_id": stack.upload(plain), "overlays": [line]})
    accepted = answer.raise_for_status().json()
    ended = stack.ended(accepted["job_id"])
    seen = ended["error_message"] or accepted["warnings"] or LETTERS
    check("a text in six scripts is burned in", ended["status"] == "SUCCESS" and not accepted["warnings"], seen)
    result = stack.folder / "text.mp4"
    result.write_bytes(stack.client.get(f"/result/{accepted['job_id']}").raise_for_status().content)
    with av.open(str(result)) as container:
        frame = next(container.decode(video=0)).to_ndarray(format="rgb24")
    if pictures is not None:
        pyvips.Image.new_from_array(frame).write_to_file(str(pictures / "text.png"))
    darkest, brightest = frame.min(axis=2).astype(int), frame.max(axis=2).astype(int)
    vivid, white = int((brightest - darkest > 100).sum()), int((darkest > 220).sum())
    check("its emoji have colours, its letters are white", min(vivid, white) > 1000, f"{vivid} and {white} pixels")


def several_workers(stack: Stack, video: Path) -> str:
    """Returns the uploaded video's id."""
    took_s = stack.up("--no-build", "--scale", "worker=3")
    alive = stack.inside("db", "psql", "-U", "reelwright", "-At", "-c", "SELECT count(*) FROM procrastinate_workers")
    check("--scale worker=3", alive == "3", f"{alive} workers registered, healthy after {took_s:.1f} s")
    video_id = stack.upload(video)
    jobs = [stack.submit("/trim", video_id=video_id, start=start, end=start + 8) for start in range(12)]
    ended = [stack.ended(job_id) for job_id in jobs]
    share: dict[str, int] = {}
    for job in ended:
        share[job["worker"]] = share.get(job["worker"], 0) + 1
    check("12 jobs succeed", all(job["status"] == "SUCCESS" for job in ended), [job["status"] for job in ended][:1])
    check("three workers share the queue", len(share) == 3, share)
    return video_id


def workers_die(stack: Stack, video_id: str) -> None:
    """In the middle of a job: first the one that runs it, with others left to take over; then all at once."""

    def running(job_id: str) -> dict[str, Any]:
        found: dict[str, Any] = until(
            lambda: job if (job := stack.job(job_id))["status"] == "STARTED" and job["progress"] > 5 else None,
            within_s=120,
        )
        return found

    job_id = stack.submit(f"/transcode/{video_id}", qualities=["720p"], preset="medium")
    before = running(job_id)
    said("docker", "kill", "--signal", "KILL", before["worker"].split(":")[0])
    after = stack.ended(job_id)
    check(
        "a worker is killed in mid-job, another one ends it",
        after["status"] == "SUCCESS" and after["attempt"] > 1 and after["worker"] != before["worker"],
        f"at {before['progress']} % on {before['worker']}; then {after['status']}, attempt {after['attempt']} on "
        f"{after['worker']}",
    )

    job_id = stack.submit(f"/transcode/{video_id}", qualities=["720p", "480p"], preset="medium")
    before = running(job_id)
    stack.compose("kill", "worker")
    between = stack.job(job_id)
    took_s = stack.up("--no-build", "--scale", "worker=1")
    after = stack.ended(job_id)
    check(
        "docker compose kill worker in mid-job, then up: nothing is lost",
        between["status"] not in FINAL and after["status"] == "SUCCESS" and after["attempt"] > 1,
        f"at {before['progress']} %, {between['status']} without workers; up after {took_s:.1f} s; {after['status']}, "
        f"attempt {after['attempt']}",
    )
    result = stack.client.get(f"/result/{job_id}", params={"quality": "480p"})
    check("and its result can be downloaded", result.status_code == 200, f"{len(result.content)} bytes")


def behind_nginx(stack: Stack, video_id: str) -> None:
    took_s = stack.up("--no-build", profile=("--profile", "nginx"))
    check("--profile nginx", True, f"healthy after {took_s:.1f} s")
    confinement(stack, "nginx", "10001")
    front = httpx.Client(base_url=f"http://127.0.0.1:{stack.nginx_port}", timeout=600, trust_env=False)
    check("nginx: /docs", (answer := front.get("/docs")).status_code == 200, answer.headers["server"])
    key = front.get(f"/videos/{video_id}").json()["stored_path"]
    direct = stack.client.get(f"/{key}", headers={"Range": "bytes=1000-500000"})
    answer = front.get(f"/{key}", headers={"Range": "bytes=1000-500000", "X-Request-ID": "try-nginx"})
    same = (answer.status_code, answer.content, answer.headers["etag"]) == (206, direct.content, direct.headers["etag"])
    check("nginx: a range is the same answer", same, f"{answer.status_code}, {len(answer.content)} bytes")
    logged = until(lambda: stack.logged("try-nginx"), within_s=20)
    check("nginx: it sends the bytes, the API none", logged["bytes"] == 0, f"{logged['bytes']} bytes")
    seen = (logged["client"], stack.inside("nginx", "cat", "/etc/hosts").split("\n")[-1].split("\t")[0])
    check("nginx: the log has the address of its client", seen[0] != seen[1] == f"{NETWORK}.2", seen)
    stack.client.get("/docs", headers={"X-Forwarded-For": "203.0.113.9", "X-Request-ID": "try-forged"})
    logged = until(lambda: stack.logged("try-forged"), within_s=20)
    check("nobody else is believed", logged["client"] != "203.0.113.9", logged["client"])
    answer = front.get(f"/stored/{key}")
    check("nginx: its internal place is closed", answer.status_code == 404, answer.status_code)
    answered = [front.get(path).status_code for path in ("/metrics", "/metrics/", "/metrics//", "/metrics%2f")]
    check("nginx: nor are figures for strangers", answered == [404] * 4, answered)
    demo(f"http://127.0.0.1:{stack.nginx_port}")


def asking_for_keys(stack: Stack, video_id: str) -> None:
    """AUTH=keys in .env, on the database that there is: what an operator does before the ports are opened."""
    with (stack.folder / ".env").open("a") as settings:
        settings.write("\nAUTH=keys\n")
    took_s = stack.up("--no-build", profile=("--profile", "nginx"))
    keys = printed_keys(stack)
    check("AUTH=keys: the first key is printed", len(keys) == 1, f"{len(keys)} of them, healthy after {took_s:.1f} s")
    stack.compose("restart", "api")
    stack.up("--no-build", profile=("--profile", "nginx"))
    check("and never again", printed_keys(stack) == keys, f"{len(printed_keys(stack))} after a restart")
    front = httpx.Client(base_url=f"http://127.0.0.1:{stack.nginx_port}", timeout=600, trust_env=False)
    for name, client in (("the API", stack.client), ("nginx", front)):
        answer = client.get(f"/videos/{video_id}")
        check(f"{name}: no key, no video", answer.status_code == 401, answer.status_code)
    front.headers["Authorization"] = stack.client.headers["Authorization"] = f"Bearer {keys[0]}"
    stored = front.get(f"/videos/{video_id}").raise_for_status().json()
    check("nginx: with the key there is what was stored before", stored["id"] == video_id, stored["original_filename"])
    made = front.post("/keys", json={"name": "reader", "scopes": ["read"]}).raise_for_status().json()
    reads = {"Authorization": f"Bearer {made['key']}"}
    answer = front.post("/trim", json={"video_id": video_id, "start": 0, "end": 1}, headers=reads)
    check("nginx: a key to read makes nothing", answer.status_code == 403, answer.status_code)
    job_id = front.post("/trim", json={"video_id": video_id, "start": 0, "end": 1}).raise_for_status().json()["job_id"]
    job = stack.ended(job_id)
    check("nginx: with a key a job is made, and a worker does it", job["status"] == "SUCCESS", job["status"])
    result = f"/variants/{job['outputs'][0]['variant_id']}/download"
    content = front.get(result, headers=reads).raise_for_status().content
    asked = {"purpose": "download", "variant_id": job["outputs"][0]["variant_id"]}
    signed = urlsplit(front.post("/tokens", json=asked).raise_for_status().json()["url"]).path
    stranger = httpx.Client(base_url=front.base_url, timeout=600, trust_env=False)
    answer = stranger.get(signed, headers={"X-Request-ID": "try-signed"})
    check("nginx: a signed address needs no key", answer.content == content, f"{len(content)} bytes")
    logged = until(lambda: stack.logged("try-signed"), within_s=20)
    seen = (logged["bytes"], signed.split("/")[2] in json.dumps(logged))
    check("nginx: it sends those bytes too, and no log has the token", seen == (0, False), f"{seen[0]} bytes")
    check("without it there is nothing", (answer := stranger.get(result)).status_code == 401, answer.status_code)


def printed_keys(stack: Stack) -> list[str]:
    """What looks like a key in all that the services have written."""
    return re.findall(r"\brw_[A-Za-z0-9_-]{51}", stack.compose("logs", "--no-color"))


def main() -> int:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--pictures", type=Path, help="a folder in which frames are kept, to be looked at")
    wanted = arguments.parse_args()
    if not shutil.which("docker") or "Server Version" not in said("docker", "info"):
        print("There is no Docker engine here: nothing was tried.")
        return 77
    print(said("docker", "info", "-f", "engine {{.ServerVersion}}, {{.OperatingSystem}}, kernel {{.KernelVersion}}"))
    if subprocess.run([ROOT / "scripts" / "stand_in_images"], check=False).returncode != 0:
        print("Base images could be neither pulled nor made.")
        return 1
    folder = Path(tempfile.mkdtemp(prefix="reelwright try "))
    kept = said("git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard").splitlines()
    for name in kept:
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    shutil.copy(folder / ".env.example", folder / ".env")
    video = folder / "long.mp4"
    make_video(video, f"testsrc2=size=1280x720:rate=25:duration={LONG_S}")
    stack = Stack(folder)
    try:
        began = time.monotonic()
        stack.compose("build")
        check("docker compose build", True, f"{time.monotonic() - began:.0f} s")
        image_alone()
        closed_folder(stack)
        check("docker compose up, from nothing", True, f"healthy after {stack.up():.1f} s")
        stack_alone(stack)
        texts(stack, wanted.pictures)
        video_id = several_workers(stack, video)
        workers_die(stack, video_id)
        behind_nginx(stack, video_id)
        check("docker compose down", stack.compose("--profile", "nginx", "down") == "")
        check("and up again", True, f"healthy after {stack.up('--no-build'):.1f} s")
        check("the videos are still there", stack.client.get(f"/videos/{video_id}").status_code == 200)
        asking_for_keys(stack, video_id)
    except (TimeoutError, httpx.HTTPError) as error:
        check(f"went on to the end ({type(error).__name__})", False, error)
        print(stack.compose("logs", "--no-color", "--tail", "20"))
    finally:
        stack.compose("--profile", "nginx", "down", "--volumes", "--remove-orphans")
        said("docker", "run", "--rm", "--user", "0", "-v", f"{folder}/data:/data", IMAGE, "rm", "-rf", "/data/media")
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{len(failed)} of the checks failed" if failed else "every check holds")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
