"""When Python looks for garbage: hardly while a program's modules are imported, which all stay; then as always.

As shipped it looks each time that 700 objects have come, of which imports leave hundreds of thousands: an eighth of
the processor time until the API is up. Later each full look at them would hold up all requests for a tenth of a
second.
"""

from __future__ import annotations

import gc

_AS_SHIPPED = gc.get_threshold()


def seldom() -> None:
    """Until `as_shipped`, which what runs for long calls once all is imported."""
    gc.set_threshold(20_000, 20, 50)


def as_shipped() -> None:
    """From now on garbage is found soon, whatever large it holds; what is there already is not looked at again."""
    gc.freeze()
    gc.set_threshold(*_AS_SHIPPED)
