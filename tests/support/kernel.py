"""What tests of containment need that the machine's kernel may not have."""

from __future__ import annotations

import pytest

from reelwright.media.sandbox import kernel_support

needs_landlock = pytest.mark.skipif(kernel_support.available().landlock_abi == 0, reason="this kernel has no Landlock")
needs_seccomp = pytest.mark.skipif(not kernel_support.available().seccomp, reason="this kernel has no seccomp filters")
