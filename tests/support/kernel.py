"""What tests of containment need that the machine's kernel may not have."""

from __future__ import annotations

import pytest

from reelwright.media.sandbox import contained

needs_landlock = pytest.mark.skipif(contained.available().landlock_abi == 0, reason="this kernel has no Landlock")
needs_seccomp = pytest.mark.skipif(not contained.available().seccomp, reason="this kernel has no seccomp filters")
