"""Limits of control groups, both versions, as the kernel writes them."""

from pathlib import Path

import pytest

from reelwright.machine_limits import ControlGroups, cores, memory_bytes, physical_bytes


def groups(folder: Path, membership: str, files: dict[str, str]) -> ControlGroups:
    for name, text in files.items():
        file = folder / "cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")
    (folder / "membership").write_text(membership)
    return ControlGroups(folder / "cgroup", folder / "membership")


V1 = "5:memory:/docker/x\n4:cpu,cpuacct:/docker/x\n3:pids:/docker/x\n"


@pytest.mark.parametrize(
    ("membership", "files", "memory", "processors"),
    [
        pytest.param(
            "0::/a/b\n", {"a/b/memory.max": "max", "a/b/cpu.max": "max 100000"}, None, None, id="v2 unlimited"
        ),
        pytest.param("0::/a/b\n", {"a/b/memory.max": "300", "a/memory.max": "200"}, 200, None, id="v2 the parent's"),
        pytest.param("0::/a\n", {"a/cpu.max": "150000 100000"}, None, 1.5, id="v2 quota"),
        pytest.param("0::/\n", {"memory.max": "100", "cpu.max": "50000 100000"}, 100, 0.5, id="v2 in a container"),
        pytest.param(
            V1, {"memory/docker/x/memory.limit_in_bytes": "9223372036854771712"}, None, None, id="v1 unlimited"
        ),
        pytest.param(V1, {"memory/memory.limit_in_bytes": "400"}, 400, None, id="v1 in a container"),
        pytest.param(
            V1,
            {"cpu/docker/x/cpu.cfs_quota_us": "200000", "cpu/docker/x/cpu.cfs_period_us": "100000"},
            None,
            2.0,
            id="v1 quota",
        ),
        pytest.param(
            V1, {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None, None, id="v1 no quota"
        ),
        pytest.param("", {}, None, None, id="none"),
    ],
)
def test_the_tightest_limit_counts(
    tmp_path: Path, membership: str, files: dict[str, str], memory: int | None, processors: float | None
) -> None:
    found = groups(tmp_path, membership, files)
    assert (found.memory_bytes(), found.cores()) == (memory, processors)


def test_processes_are_limited_as_well(tmp_path: Path) -> None:
    assert groups(tmp_path, "0::/a\n", {"a/pids.max": "77"}).processes() == 77


def test_this_machine_has_memory_and_cores() -> None:
    assert 0 < memory_bytes() <= physical_bytes()
    assert cores() >= 1
