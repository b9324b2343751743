"""What containment is made of: the system call filters, run by an interpreter here, and what an operator is told."""

import struct

import pytest

from reelwright.media.sandbox import system_calls
from reelwright.media.sandbox.kernel_support import Containment
from reelwright.media.sandbox.system_calls import (
    ALLOWED,
    CLONE3,
    HARMFUL,
    JUDGED,
    MACHINES,
    NEWEST,
    NONE,
    OWN_PID,
    Kind,
    program,
)

ALLOW, REFUSE, UNKNOWN = 0x7FFF0000, 0x00050001, 0x00050026
X86, ARM = "x86_64", "aarch64"
THREAD = 0x3D0F00  # the flags with which libc starts a thread
FORK = 0x01200011
CHILDLESS = (Kind.FFMPEG, Kind.DEVICES, Kind.PROBE, Kind.DRAWING)


def verdict(
    machine: str, number: int, *arguments: int, kind: Kind = Kind.FFMPEG, listed: bool = True, of: str = ""
) -> int:
    """Run the BPF program on one system call."""
    given = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    data = struct.pack("=IIQ6Q", number, MACHINES[of or machine][1], 0, *given)
    code = list(struct.iter_unpack("HBBI", program(machine, kind, listed=listed)))
    value, at = 0, 0
    while True:
        operation, if_true, if_false, operand = code[at]
        at += 1
        if operation == 0x06:
            return int(operand)
        if operation == 0x20:
            (value,) = struct.unpack_from("=I", data, operand)
        else:
            holds = {0x15: value == operand, 0x35: value >= operand, 0x45: bool(value & operand)}[operation]
            at += if_true if holds else if_false


def number(machine: str, name: str) -> int:
    return ({**HARMFUL, **JUDGED, **ALLOWED[Kind.SERVER]}[name])[MACHINES[machine][0]]


@pytest.mark.parametrize("machine", [X86, ARM])
@pytest.mark.parametrize("kind", list(Kind))
def test_what_is_listed_is_allowed_and_nothing_else_that_does_harm(machine: str, kind: Kind) -> None:
    """Every list on every machine; drivers of devices get the fallback, which lets through what it does not know."""
    for name, numbers in ALLOWED.get(kind, ALLOWED[Kind.FFMPEG]).items():
        if (call := numbers[MACHINES[machine][0]]) != NONE:
            assert verdict(machine, call, kind=kind) == ALLOW, name
    wanted = system_calls.DRIVERS_WANT if kind is Kind.DEVICES else frozenset()
    for listed in (True, False):
        for name, numbers in HARMFUL.items():
            if (call := numbers[MACHINES[machine][0]]) != NONE and name not in wanted:
                assert verdict(machine, call, kind=kind, listed=listed) == REFUSE, name


@pytest.mark.parametrize("machine", [X86, ARM])
@pytest.mark.parametrize("kind", CHILDLESS)
@pytest.mark.parametrize("listed", [True, False])
def test_a_process_acts_on_itself_and_on_no_other(machine: str, kind: Kind, listed: bool) -> None:
    """Limits, affinity, priority, signals: told by whom they are for. Descriptors send no signals to anybody."""

    def judged(name: str, *arguments: int) -> int:
        return verdict(machine, number(machine, name), *arguments, kind=kind, listed=listed)

    for name in ("prlimit64", "sched_setaffinity"):
        assert [judged(name, whom) for whom in (0, OWN_PID, 1234)] == [ALLOW, ALLOW, REFUSE]
    assert [judged("setpriority", 0, whom) for whom in (0, OWN_PID, 1234)] == [ALLOW, ALLOW, REFUSE]
    assert [judged("setpriority", which, 0) for which in (1, 2)] == [REFUSE, REFUSE]
    for name in ("kill", "tkill", "tgkill"):
        assert [judged(name, whom) for whom in (OWN_PID, 1234, 0, 2**32 - 1)] == [ALLOW, REFUSE, REFUSE, REFUSE]
    assert [judged("fcntl", 1, what) for what in (3, 1030, 8, 10, 15, 1024, 1026)] == [ALLOW, ALLOW, *[REFUSE] * 5]
    assert [judged("ioctl", 0, what) for what in (0x5401, 0x5412, 0x541C)] == [ALLOW, REFUSE, REFUSE]
    assert [judged("prctl", what) for what in (15, 1, 4, 22)] == [ALLOW, REFUSE, REFUSE, REFUSE]


def test_devices_are_controlled_only_by_those_that_have_them() -> None:
    """A DRM call passes with a device alone."""
    render = 0xC0106445
    assert verdict(X86, number(X86, "ioctl"), 0, render, kind=Kind.DEVICES) == ALLOW
    assert verdict(X86, number(X86, "ioctl"), 0, render) == REFUSE


@pytest.mark.parametrize("machine", [X86, ARM])
@pytest.mark.parametrize("listed", [True, False])
def test_threads_are_always_allowed_and_processes_only_for_servers(machine: str, listed: bool) -> None:
    """clone is judged by its flags: threads pass, processes pass for a server, namespaces never."""
    clone = number(machine, "clone")
    for kind in CHILDLESS:
        assert verdict(machine, clone, THREAD, kind=kind, listed=listed) == ALLOW
        assert verdict(machine, clone, FORK, kind=kind, listed=listed) == REFUSE
    assert verdict(machine, clone, FORK, kind=Kind.SERVER, listed=listed) == ALLOW
    assert verdict(machine, clone, FORK | 0x10000000, kind=Kind.SERVER, listed=listed) == REFUSE  # a user namespace


@pytest.mark.parametrize("machine", [X86, ARM])
@pytest.mark.parametrize("kind", list(Kind))
def test_what_libc_does_without_is_unknown_to_it(machine: str, kind: Kind) -> None:
    """clone3 fails with ENOSYS, which makes libc fall back to clone; so does what is newer than the lists."""
    assert verdict(machine, CLONE3, THREAD, kind=kind) == UNKNOWN
    assert verdict(machine, NEWEST + 1, kind=kind) == UNKNOWN


def test_other_doors_to_the_same_kernel_are_shut() -> None:
    """Neither another architecture's numbers nor the x32 ones get past the filter."""
    for listed in (True, False):
        assert verdict(X86, 0, of=ARM, listed=listed) == REFUSE
        assert verdict(X86, 0x40000000, listed=listed) == REFUSE
        assert verdict(X86, number(X86, "fork"), listed=listed) == REFUSE
        assert verdict(X86, number(X86, "fork"), kind=Kind.SERVER, listed=listed) == ALLOW


def test_numbers_are_those_of_the_kernel() -> None:
    """No two calls share one; what came with Linux 5.1 or later is numbered alike on all architectures."""
    calls = {**HARMFUL, **JUDGED, **ALLOWED[Kind.SERVER]}
    for column in range(2):
        numbers = [pair[column] for pair in calls.values() if pair[column] != NONE]
        assert len(set(numbers)) == len(numbers)
    assert all(x86 == arm for x86, arm in calls.values() if max(x86, arm) >= 424)
    assert not set(HARMFUL) & set(ALLOWED[Kind.SERVER])


def test_what_the_kernel_lacks_is_said_in_sentences() -> None:
    """An operator is told what does not hold, and nothing when all does."""
    assert Containment(landlock_abi=7, seccomp=True, no_new_privileges=True).missing == ()
    (landlock,) = Containment(landlock_abi=0, seccomp=True, no_new_privileges=True).missing
    assert "Landlock is absent" in landlock
    (truncate,) = Containment(landlock_abi=2, seccomp=True, no_new_privileges=True).missing
    assert "truncate" in truncate
    assert "TCP" in truncate
    (signals,) = Containment(landlock_abi=5, seccomp=True, no_new_privileges=True).missing
    assert "signals" in signals
    assert "truncate" not in signals
    (unlisted,) = Containment(landlock_abi=7, seccomp=True, no_new_privileges=True, unlisted="a trial").missing
    assert "a trial" in unlisted
    assert len(Containment(landlock_abi=0, seccomp=False, no_new_privileges=False).missing) == 3
