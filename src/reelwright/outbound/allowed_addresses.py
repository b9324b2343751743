"""Where the service may connect to for clients: public addresses, and what the operator allows besides. Pure."""

from __future__ import annotations

import ipaddress
from contextlib import suppress
from dataclasses import dataclass
from typing import Self, TypeAlias

from reelwright import setting_parsers
from reelwright.errors import AddressRefused
from reelwright.settings import Settings

IPAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

# IANA's registries of special-purpose addresses, and what stands for another address: those lead wherever it leads.
_NOT_PUBLIC_4 = [
    ipaddress.IPv4Network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    )
]
_GLOBAL_6 = ipaddress.IPv6Network("2000::/3")
"""All that was ever given out. Outside of it are loopback, mapped IPv4, NAT64, unique local, link-local, multicast."""
_NOT_PUBLIC_6 = [
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # Teredo, ORCHID, benchmarks
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "3fff::/20",
    )
]
_ISATAP = (0x00005EFE, 0x02005EFE)
"""The upper half of an interface's id that has an IPv4 address in its lower one."""


def is_public(address: IPAddress) -> bool:
    """Return whether an address is one of the public internet, and stands for no other."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not any(address in network for network in _NOT_PUBLIC_4)
    if address not in _GLOBAL_6 or (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
        return False
    return address.is_global and not any(address in network for network in _NOT_PUBLIC_6)


@dataclass(frozen=True, slots=True)
class OutboundRules:
    """`networks` and `hosts` may be reached though they are not public; of a host (`*.` and a name: all below it)
    whatever address its name has."""

    ports: tuple[range, ...]
    networks: tuple[IPNetwork, ...] = ()
    hosts: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> Self:
        networks: list[IPNetwork] = []
        hosts: list[str] = []
        for allowed in map(setting_parsers.network_or_host, settings.outbound_allowed):
            if isinstance(allowed, str):
                hosts.append(allowed)
            else:
                networks.append(allowed)
        return cls(tuple(map(setting_parsers.ports, settings.outbound_ports)), tuple(networks), tuple(hosts))

    def require(self, host: str, port: int) -> None:
        """Raises AddressRefused for what may not be connected to, as far as it says so itself: what a name leads to is
        known when it is looked up. `host`: in lower case, without a dot at its end."""
        if not any(port in ports for ports in self.ports):
            raise AddressRefused(f"leads to port {port}, which OUTBOUND_PORTS does not name")
        with suppress(ValueError):
            self.require_address(host, ipaddress.ip_address(host))

    def require_address(self, host: str, address: IPAddress) -> None:
        """Raises AddressRefused where one of the host's addresses may not be connected to."""
        if not (self._trusts(host) or self._takes(address)):
            raise AddressRefused(f"leads to {host}, which is not on the public internet; OUTBOUND_ALLOWED may name it")

    def _trusts(self, host: str) -> bool:
        return any(
            host.endswith(allowed[1:]) if allowed.startswith("*.") else host == allowed for allowed in self.hosts
        )

    def _takes(self, address: IPAddress) -> bool:
        return is_public(address) or any(
            address in network for network in self.networks if network.version == address.version
        )
