"""Whose fault a failure is: by exit status and words of ffmpeg, what the system refuses, and disk that lacks."""

from __future__ import annotations

import errno
import signal

import pytest

from reelwright.errors import JobFailed, LeaseLost, MediaProcessFailed
from reelwright.jobs.blame import blamed, short_of_space
from reelwright.machine_faults import hindrance
from reelwright.media.ffmpeg.failure import verdict
from reelwright.media.sandbox import contained

CUT = "[mov,mp4 @ 0x1] [error] Error muxing a packet: Immediate exit requested"


@pytest.mark.parametrize(
    ("status", "text", "code", "of_machine"),
    [
        (255, "", "killed", True),
        (255, "[h264 @ 0x1] [warning] Late SEI is not implemented", "killed", True),
        (255, CUT, "killed", True),
        (123, "Received > 3 system signals, hard exiting", "killed", True),
        (-signal.SIGTERM, "", "killed", True),
        (-signal.SIGHUP, "", "killed", True),
        (-signal.SIGKILL, "", "killed", False),
        (-signal.SIGSEGV, "", "crashed", False),
        (187, "x264 [error]: malloc of size 6287232 failed", "out_of_memory", False),
        (-signal.SIGABRT, "terminate called after throwing an instance of 'std::bad_alloc'", "out_of_memory", False),
        (1, "[libvpx-vp9 @ 0x1] [error] Failed to initialize encoder: Memory allocation error", "out_of_memory", False),
        (244, "[out#0 @ 0x1] [error] Error muxing: Cannot allocate memory", "out_of_memory", False),
        (228, "[out#0/mp4 @ 0x1] [error] Error writing trailer: No space left on device", "no_space", True),
        (1, "[error] Error writing trailer of out0.mp4: Disk quota exceeded", "no_space", True),
        (251, "[out#0/mp4 @ 0x1] [error] Error submitting a packet to the muxer: Input/output error", "storage", True),
        (226, "[error] Error opening output file out0.mp4: Read-only file system", "storage", True),
        (245, "[error] Error while opening encoder: Resource temporarily unavailable", "exhausted", True),
        (126, "launcher: cannot become ffmpeg", "cannot_start", True),
    ],
)
def test_a_process_that_did_not_end_well_says_whose_fault_it_was(
    status: int, text: str, code: str, of_machine: bool
) -> None:
    """What ended or refused it from outside is the machine's; a limit that it ran into, or a crash, is not."""

    found = verdict(contained.LAUNCHER_FAILED if text.startswith("launcher") else status, text)
    assert found is not None
    assert (found.code, found.of_machine) == (code, of_machine)


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (255, "[vost#0:0 @ 0x1] [error] Operation not permitted"),
        (251, "[mov @ 0x1] [error] Error opening input: Input/output error"),
        (183, "[mov @ 0x1] [error] moov atom not found"),
        (1, ""),
    ],
)
def test_an_error_of_the_media_is_the_jobs(status: int, text: str) -> None:
    """Damaged files make ffmpeg say "Input/output error" of what it reads, too."""
    assert verdict(status, text) is None


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "no_space"),
        (errno.EDQUOT, "no_space"),
        (errno.EROFS, "storage"),
        (errno.EIO, "storage"),
        (errno.EMFILE, "exhausted"),
        (errno.ENOMEM, "exhausted"),
        (errno.E2BIG, None),
    ],
)
def test_what_the_operating_system_refuses_is_the_machines(number: int, code: str | None) -> None:
    """But for what no machine could do."""
    error = OSError(number, "said so")
    assert hindrance(error) == code
    failure = blamed(ExceptionGroup("", [ExceptionGroup("", [error])]), stage="publish")
    assert (failure.code, failure.of_machine, failure.stage) == (code or "internal", code is not None, "publish")


def test_a_lost_lease_matters_most_and_an_outage_is_the_databases() -> None:
    """Then what the media process said."""
    lost, died = LeaseLost("gone"), MediaProcessFailed("broken", code="crashed")
    assert blamed(ExceptionGroup("", [died, ConnectionResetError(), lost]), stage="render") is lost
    assert blamed(ExceptionGroup("", [ConnectionResetError(), died]), stage="render") is died
    away = blamed(ExceptionGroup("", [ConnectionResetError()]), stage="fetch")
    assert (away.code, away.of_machine) == ("database", True)


def test_a_job_without_room_waits_for_as_much_as_it_needs() -> None:
    """Told by what its files took so far; where no emptied disk has so much, it fails and says both figures."""
    full = JobFailed("the disk is full", code="no_space", of_machine=True)
    waits = short_of_space(full, 200, 20.0, 10_000)
    assert (waits.of_machine, waits.needs_bytes) == (True, 1000)
    unknown = short_of_space(full, 200, 1.0, 10_000)
    assert (unknown.of_machine, unknown.needs_bytes) == (True, 400)
    assert short_of_space(full, 0, 0.0, 10_000) is full
    hopeless = short_of_space(full, 6_000, 50.0, 10_000)
    assert (hopeless.of_machine, hopeless.retryable) == (False, False)
    assert "12000 bytes" in hopeless.detail
    assert "10000" in hopeless.detail
