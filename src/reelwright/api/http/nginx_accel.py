"""When an nginx in front sends a file by itself (`X-Accel-Redirect`), and where it has it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from reelwright.api.http.ranges_and_preconditions import Verdict


@dataclass(frozen=True, slots=True)
class Accel:
    """Where an nginx in front has a file. Source: `X-Accel-Redirect` in nginx' ngx_http_proxy_module.

    `prefix`: its internal location, which it also names in the header `X-Accel-Prefix` of each request that it passes
    on: others get the bytes from us. A client that sends the header to us itself spoils only its own answer, for the
    location is never taken from there.
    """

    prefix: str
    key: str

    @property
    def uri(self) -> str:
        return quote(f"{self.prefix}/{self.key}")

    def serves(self, headers: Mapping[str, str], verdict: Verdict) -> bool:
        """Whether nginx would answer the same: it has other validators and its own view of broken ranges."""
        if headers.get("x-accel-prefix") != self.prefix or "if-match" in headers or "if-unmodified-since" in headers:
            return False
        return verdict.status == 206 or (verdict.status == 200 and "range" not in headers)
