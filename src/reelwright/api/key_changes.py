"""When keys and projects may be changed by request, and that what has changed holds from now on."""

from __future__ import annotations

from reelwright.api.context import Services
from reelwright.api.http.token_authorization import Forbidden

SWITCHED_OFF = Forbidden(
    "Nobody is asked for a key here (AUTH), so that whoever comes could make one that is good later: "
    "`reelwright keys create` makes them on the machine itself."
)


def require_keys(services: Services) -> None:
    """Raises Forbidden where nobody is asked for a key."""
    if services.keyring is None:
        raise SWITCHED_OFF


def forget_keys(services: Services) -> None:
    """Look every key and every token up anew: one was changed here."""
    if services.keyring is not None:
        services.keyring.forget()
        services.grants.forget()
