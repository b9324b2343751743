"""What containment is made of: the system call filter, run by an interpreter here, and what an operator is told."""

import struct

import pytest

from reelwright.media.contain import Containment
from reelwright.media.launcher import MACHINES, _filter

ALLOWED, REFUSED, UNKNOWN = 0x7FFF0000, 0x00050001, 0x00050026
X86, ARM = "x86_64", "aarch64"
THREAD = 0x3D0F00  # the flags with which libc starts a thread
FORK = 0x01200011


def verdict(machine: str, number: int, argument: int = 0, *, children: bool = True, of: str = "") -> int:
    """Run the BPF program on one system call."""
    data = struct.pack("=IIQ6Q", number, MACHINES[of or machine][1], 0, argument, 0, 0, 0, 0, 0)
    code = list(struct.iter_unpack("HBBI", _filter(machine, children=children)))
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


@pytest.mark.parametrize(("machine", "socket", "read"), [(X86, 41, 0), (ARM, 198, 63)])
def test_sockets_are_refused_and_reading_is_not(machine: str, socket: int, read: int) -> None:
    """A media process may read what it has and can open no socket."""
    assert verdict(machine, socket) == REFUSED
    assert verdict(machine, read) == ALLOWED


@pytest.mark.parametrize(("machine", "clone"), [(X86, 56), (ARM, 220)])
def test_threads_are_always_allowed_and_processes_only_where_asked_for(machine: str, clone: int) -> None:
    """clone is judged by its flags: threads pass, new processes pass with `children`, namespaces never."""
    assert verdict(machine, clone, THREAD, children=False) == ALLOWED
    assert verdict(machine, clone, FORK, children=False) == REFUSED
    assert verdict(machine, clone, FORK, children=True) == ALLOWED
    assert verdict(machine, clone, FORK | 0x10000000, children=True) == REFUSED  # a user namespace


@pytest.mark.parametrize("machine", [X86, ARM])
@pytest.mark.parametrize("children", [True, False])
def test_clone3_is_unknown_so_that_libc_shows_its_flags(machine: str, children: bool) -> None:
    """clone3 fails with ENOSYS, which makes libc fall back to clone."""
    assert verdict(machine, 435, THREAD, children=children) == UNKNOWN


def test_other_doors_to_the_same_kernel_are_shut() -> None:
    """Neither another architecture's numbers nor the x32 ones get past the filter."""
    assert verdict(X86, 0, of=ARM) == REFUSED
    assert verdict(X86, 0x40000000) == REFUSED
    assert verdict(X86, 57, children=False) == REFUSED  # the old fork
    assert verdict(X86, 57, children=True) == ALLOWED


def test_what_the_kernel_lacks_is_said_in_sentences() -> None:
    """An operator is told what does not hold, and nothing when all does."""
    assert Containment(landlock_abi=7, seccomp=True, no_new_privileges=True).missing == ()
    (landlock,) = Containment(landlock_abi=0, seccomp=True, no_new_privileges=True).missing
    assert "Landlock is absent" in landlock
    (truncate,) = Containment(landlock_abi=2, seccomp=True, no_new_privileges=True).missing
    assert "truncate" in truncate
    assert len(Containment(landlock_abi=0, seccomp=False, no_new_privileges=False).missing) == 3
