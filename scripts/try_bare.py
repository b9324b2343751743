#!/usr/bin/env python3
"""Runs both commands of the README where nothing was ever installed by hand, and says what was seen.

As root in a container, in `/root/a project` and in `/app`; there as a plain user; with Debian's oldest and newest
Python; and in a chroot. Containers have Docker's default profile, which allows no user namespaces. Every line is one
check; the exit status is 0 when all hold, 1 when one does not, 77 when there is no engine. Needs root.

    scripts/try_bare.py                                  the demo everywhere, and the whole test suite: hours
    scripts/try_bare.py --only "root, /app" --tests tests/integration/test_embedded_postgres.py

Tests may skip what such a machine does not have, if README.md names it. Base images that cannot be pulled are made
first by scripts/stand_in_images.
"""

from __future__ import annotations

import argparse
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
NAME = "reelwright-bare"
OLDEST, NEWEST = "bookworm", "forky"
MAX_TIME_S = 3 * 3600

failed: list[str] = []


@dataclass(frozen=True, slots=True)
class Place:
    name: str
    folder: str
    user: str = "root"
    release: str = OLDEST
    in_chroot: bool = False


PLACES = (
    Place("root, /root/a project", "/root/a project"),
    Place("root, /app", "/app"),
    Place("plain user", "/home/someone/project", user="someone"),
    Place("chroot", "/root/a project", in_chroot=True),
    Place("newest Python, root, /root/a project", "/root/a project", release=NEWEST),
    Place("newest Python, plain user", "/home/someone/project", user="someone", release=NEWEST),
)


class Machine:
    """A place in which commands are run."""

    def __init__(self, place: Place, prefix: list[str]) -> None:
        self.place = place
        self.prefix = prefix

    def run(self, script: str, **options: object) -> subprocess.CompletedProcess[str]:
        """In the project's folder, by its user; both streams in `stdout`."""
        become = f"cd {shlex.quote(self.place.folder)} && {script}"
        if self.place.user != "root":
            become = f"su -s /bin/sh {self.place.user} -c {shlex.quote(become)}"
        return self._do(become, **options)

    def bring_project(self) -> None:
        """What git knows of, and changes to it, as a clone would have it."""
        listed = subprocess.run(
            ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            check=True, capture_output=True,
        )  # fmt: skip
        names = [name for name in listed.stdout.split(b"\0") if name and (ROOT / name.decode()).is_file()]
        packed = subprocess.run(
            ["tar", "-C", ROOT, "--null", "-T", "-", "-c"], input=b"\0".join(names), check=True, capture_output=True
        )
        folder = shlex.quote(self.place.folder)
        unpack = f"mkdir -p {folder} && tar -C {folder} --no-same-owner -x && chown -R {self.place.user} {folder}"
        subprocess.run([*self.prefix, "sh", "-c", unpack], input=packed.stdout, check=True)

    def _do(self, script: str, **options: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # type: ignore[call-overload,no-any-return]
            [*self.prefix, "sh", "-c", script],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=MAX_TIME_S,
            check=False, **options,
        )  # fmt: skip


@contextmanager
def machine(place: Place) -> Iterator[Machine]:
    """One that is removed at the end."""
    image = f"{NAME}:{place.release}"
    container = subprocess.run(
        ["docker", "run", "--detach", "--network", "host", image, "sleep", "infinity"],
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    try:
        if not place.in_chroot:
            yield Machine(place, ["docker", "exec", "-i", container])
            return
        with chroot(container) as root:
            yield Machine(place, ["env", "-i", "PATH=/usr/bin:/bin:/usr/sbin:/sbin", "HOME=/root", "chroot", str(root)])
    finally:
        subprocess.run(["docker", "rm", "--force", container], check=True, capture_output=True)


@contextmanager
def chroot(container: str) -> Iterator[Path]:
    root = Path(tempfile.mkdtemp(prefix=f"{NAME}-"))
    root.chmod(0o755)  # as "/" is: else no account could come anywhere
    try:
        with subprocess.Popen(["docker", "export", container], stdout=subprocess.PIPE) as exported:
            subprocess.run(["tar", "-C", root, "-x"], stdin=exported.stdout, check=True)
        shutil.copy("/etc/resolv.conf", root / "etc" / "resolv.conf")
        shutil.copy("/etc/hosts", root / "etc" / "hosts")
        for kind, name in (("proc", "proc"), ("tmpfs", "dev/shm")):
            (root / name).mkdir(parents=True, exist_ok=True)
            subprocess.run(["mount", "-t", kind, kind, root / name], check=True)
        for name in ("null", "zero", "random", "urandom", "tty", "full"):
            (root / "dev" / name).unlink(missing_ok=True)
            subprocess.run(["cp", "-a", f"/dev/{name}", root / "dev" / name], check=True)
        yield root
    finally:
        inside = [Path(line.split()[1]) for line in Path("/proc/mounts").read_text().splitlines()]
        for path in reversed([path for path in inside if root in path.parents]):  # also what a test left behind
            subprocess.run(["umount", "--lazy", path], check=True)
        shutil.rmtree(root)


def check(what: str, holds: bool, seen: object = "") -> None:
    print(f"{'ok  ' if holds else 'FAIL'} {what}{f': {seen}' if seen != '' else ''}", flush=True)
    if not holds:
        failed.append(what)


def last(text: str, lines: int = 1) -> str:
    return " | ".join(text.strip().splitlines()[-lines:])


def tried(place: Place, tests: str) -> None:
    with machine(place) as there:
        there.bring_project()
        absent = "ffmpeg psql postgres nginx git fc-list node npm"
        found = there.run(f"for name in {absent}; do command -v $name; done; ls -A /usr/share/fonts 2>/dev/null; true")
        check(f"{place.name}: nothing was installed by hand", found.stdout.strip() == "", found.stdout.strip())
        began = time.monotonic()
        demo = there.run("make demo")
        python = there.run(".venv/bin/python -V").stdout.strip()
        check(f"{place.name}: make demo", demo.returncode == 0, f"{python}, {time.monotonic() - began:.0f} s")
        if demo.returncode:
            print(demo.stdout)
            return
        check(f"{place.name}: it says that it installs", "installing" in demo.stdout.splitlines()[0])
        trim = there.run(".venv/bin/python scripts/playable.py demo-output/sample-trim.mp4 --seconds 5")
        check(f"{place.name}: its result plays", trim.returncode == 0, last(trim.stdout))
        again = there.run("make demo")
        check(f"{place.name}: again, on the same database", again.returncode == 0, last(again.stdout))
        fit = there.run(".venv/bin/reelwright doctor")
        check(f"{place.name}: doctor finds nothing that has to be mended", fit.returncode == 0, last(fit.stdout))
        if tests == "none":
            return
        began = time.monotonic()
        suite = there.run(f"make test TESTS={shlex.quote(f'-rfEs {tests}')}")
        took = f"{last(suite.stdout)}, {(time.monotonic() - began) / 60:.0f} min"
        check(f"{place.name}: make test", suite.returncode == 0, took)
        if suite.returncode:
            print(suite.stdout[-8000:])
        readme = " ".join((ROOT / "README.md").read_text().split())
        for reason in sorted(set(re.findall(r"^SKIPPED \[\d+\] \S+: (.*)$", suite.stdout, re.MULTILINE))):
            check(f"{place.name}: what is skipped is in the README", reason in readme, reason)


def main() -> int:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--only", action="append", choices=[place.name for place in PLACES], help="repeatable")
    arguments.add_argument("--tests", default="", help="arguments for pytest; `none`: only the demo")
    wanted = arguments.parse_args()
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode != 0:
        print("There is no Docker engine here: nothing was tried.")
        return 77
    places = [place for place in PLACES if not wanted.only or place.name in wanted.only]
    releases = sorted({place.release for place in places})
    subprocess.run([ROOT / "scripts" / "stand_in_images", *releases], check=True)
    for release in releases:
        subprocess.run(
            ["docker", "build", "-q", "-t", f"{NAME}:{release}", "--build-arg", f"BASE=debian:{release}-slim", "-f",
             ROOT / "scripts" / "stand-ins" / "bare.Dockerfile", ROOT / "scripts" / "stand-ins"],
            check=True,
        )  # fmt: skip
    for place in places:
        tried(place, wanted.tests)
    print(f"{len(failed)} of the checks failed" if failed else "every check holds")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
