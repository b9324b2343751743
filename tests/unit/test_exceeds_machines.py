"""What no machine could ever do: refused where that is sure, with what there is and the setting."""

from reelwright.capacity.exceeds_machines import Capacity, impossible
from reelwright.capacity.need import Need


def test_only_what_surely_fits_nowhere_is_refused() -> None:
    """A forecast may be wrong by half; the sentence has the figures and the setting."""
    small = Capacity(work_bytes=100, media_bytes=100, memory_bytes=50, cores=2)
    large = Capacity(work_bytes=1000, media_bytes=1000, memory_bytes=500, cores=2)
    assert impossible(Need(work_bytes=200), [small]) is None
    why = impossible(Need(work_bytes=202, memory_bytes=10), [small])
    assert why is not None
    assert "about 202 bytes of disk" in why
    assert "100" in why
    assert "DISK_RESERVE_BYTES" in why
    assert impossible(Need(work_bytes=202), [small, large]) is None
    assert "MACHINE_MEMORY_BYTES" in (impossible(Need(memory_bytes=1001), [small, large]) or "")
    assert impossible(Need(memory_bytes=1001), []) is None  # nobody lives of whom that is known
    assert impossible(Need(cores=64), [small]) is None
