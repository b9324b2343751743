"""Where a request goes: an http(s) address, read strictly, so that it means the same to everybody. Pure.

What browsers would repair is refused: other ways to write a number as an address, backslashes, tabs, a user before the
host. Two readers that disagree about a host are how a check is got around.
"""

from __future__ import annotations

import ipaddress
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote, unquote, urljoin

from reelwright.errors import AddressRefused

MAX_CHARACTERS = 8192
USUAL_PORTS = {"http": 80, "https": 443}

_ADDRESS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<rest>[^#]*)(?:#.*)?", re.DOTALL)
_AUTHORITY = re.compile(r"(?P<host>\[[^\]]*\]|[^:]*)(?::(?P<port>[1-9][0-9]{0,4}))?", re.ASCII)
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_SAFE = "/?:@[]!$&'()*+,;=-._~%"
"""What a path and a query are made of beside letters and digits (RFC 3986), and %, which is not escaped again."""


@dataclass(frozen=True, slots=True)
class Target:
    """`host`: a name in lower case, or an IP address in its usual form, without brackets. `path`, `query`: as they are
    sent."""

    scheme: str
    host: str
    port: int
    path: str
    query: str = ""

    @classmethod
    def read(cls, text: str) -> Self:
        """Raises AddressRefused with what to write instead. The text is never part of what it says."""
        if len(text) > MAX_CHARACTERS:
            raise AddressRefused(f"is longer than {MAX_CHARACTERS} characters")
        if re.search(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029]", text):
            raise AddressRefused("has a space, a backslash or a control character in it: write those as %20, %5C ...")
        parts = _ADDRESS.fullmatch(text)
        scheme = parts["scheme"].lower() if parts else ""
        if parts is None or scheme not in USUAL_PORTS:
            raise AddressRefused("is no address that is taken: one begins with https:// or http://")
        host, port = _authority(parts["authority"])
        path, mark, query = parts["rest"].partition("?")
        return cls(
            scheme,
            host,
            port or USUAL_PORTS[scheme],
            quote(path, safe=_SAFE) or "/",
            quote(query, safe=_SAFE) if mark else "",
        )

    def redirected(self, location: str) -> Target:
        """Return where an answer's `Location` leads. Raises AddressRefused."""
        try:
            return Target.read(urljoin(self.whole, quote(location.strip(), safe=_SAFE + "#[]\\")))
        except ValueError as error:
            raise AddressRefused("leads to what is no address") from error

    @property
    def authority(self) -> str:
        """As the header Host has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == USUAL_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    @property
    def sent(self) -> str:
        """As the request's first line has it."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def whole(self) -> str:
        """With its query, which may hold a secret: not for eyes."""
        return f"{self.scheme}://{self.authority}{self.sent}"

    @property
    def shown(self) -> str:
        """To show and to log."""
        return f"{self.scheme}://{self.authority}{self.path}" + ("?..." if self.query else "")

    @property
    def name(self) -> str:
        """What the file is called there, as far as the address says it."""
        return unquote(self.path.rpartition("/")[2])


def _authority(authority: str) -> tuple[str, int | None]:
    if "@" in authority:
        raise AddressRefused(
            "has a user or a password before the host, which is not taken: send `Authorization` in `headers`"
        )
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None or (port := int(parts["port"] or 0)) > 65535:
        raise AddressRefused("has a host or a port that cannot be read: one looks like media.example.org:8443")
    return _host(parts["host"].lower()), port or None


def _host(host: str) -> str:
    if host.startswith("["):
        with suppress(ValueError):
            if "%" not in host:
                return ipaddress.IPv6Address(host[1:-1]).compressed
        raise AddressRefused("has brackets around what is no IPv6 address; a zone is not taken")
    if not host.isascii():
        with suppress(UnicodeError):
            ascii_host = host.encode("idna").decode()
            if _NAME.fullmatch(ascii_host) and "xn--" in ascii_host:
                raise AddressRefused(f"has a host with letters beyond ASCII: write {ascii_host}")
        raise AddressRefused("has a host with characters that no host has")
    name = host.removesuffix(".")
    if len(name) > 253 or not _NAME.fullmatch(name):
        raise AddressRefused("has no host that can be read: one looks like media.example.org or [2001:db8::1]")
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError as error:
            raise AddressRefused("has a number for its host: an IPv4 address is written as in 192.0.2.7") from error
    return name
