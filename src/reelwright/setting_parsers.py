"""The text of a setting -> its value, or the sentence that says what is taken instead. Pure."""

from __future__ import annotations

import contextlib
import ipaddress
import re
from collections.abc import Callable, Iterable
from typing import Any, Literal, get_args, get_origin
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from reelwright import source_codecs
from reelwright.did_you_mean import perhaps

APP_ENVS = {"dev": "development", "local": "development", "testing": "test", "prod": "production"}
"""Other usual words for what APP_ENV takes."""

CONTAINERS_BY_NAME = {
    "mp4": ("mov",),
    "m4v": ("mov",),
    "x-m4v": ("mov",),
    "quicktime": ("mov",),
    "3gp": ("mov",),
    "3gpp": ("mov",),
    "mkv": ("matroska",),
    "x-matroska": ("matroska",),
    "x-msvideo": ("avi",),
    "msvideo": ("avi",),
    "wmv": ("asf",),
    "x-ms-wmv": ("asf",),
    "x-ms-asf": ("asf",),
    "x-flv": ("flv",),
    "ts": ("mpegts",),
    "mp2t": ("mpegts",),
    "mpg": ("mpeg", "mpegvideo"),
    "mpeg": ("mpeg", "mpegvideo"),
    "ogv": ("ogg",),
    "x-dv": ("dv",),
    "image/gif": ("gif",),
}
"""What ALLOWED_FORMATS takes beside ffmpeg's own names: the second part of a MIME type, or a file's extension."""

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", re.ASCII | re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def size_bytes(text: str) -> int:
    """Read a number of bytes, with or without a unit: 2147483648, 500MB (powers of 1000), 2GiB (powers of 1024).

    Raises ValueError with what is taken.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None or (match[3] and not match[2]):
        raise ValueError("a number of bytes is needed, such as 2147483648, 500MB or 2GiB")
    amount, prefix, binary = match.groups()
    exact = float(amount) * (1024 if binary else 1000) ** _POWERS[prefix.lower()] if "." in amount else None
    return int(exact) if exact is not None else int(amount) * (1024 if binary else 1000) ** _POWERS[prefix.lower()]


def listed(text: str) -> list[str]:
    """Return the items of a comma-separated list, or of a JSON array. Raises ValueError for an array that is none."""
    if text.lstrip().startswith("["):
        try:
            items = msgspec.json.decode(text, type=list[str])
        except msgspec.DecodeError as error:
            raise ValueError('a list is needed: a,b or ["a", "b"]') from error
    else:
        items = text.split(",")
    return [item.strip() for item in items if item.strip()]


def container_names(items: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return ffmpeg's names of the containers that are meant. Raises ValueError that names every other word."""
    known = tuple(known)
    names: dict[str, None] = {}
    wrong = []
    for item in items:
        name = item.lower().removeprefix("video/").removeprefix("application/").removeprefix(".")
        if meant := (CONTAINERS_BY_NAME.get(name) if item.lower() not in known else None):
            names |= dict.fromkeys(meant)
        elif name in known:
            names[name] = None
        else:
            wrong.append(item)
    if wrong:
        raise ValueError(f"{', '.join(wrong)} not among {', '.join(known)}, nor a MIME type or extension of one")
    return list(names)


def codec_names(items: Iterable[str]) -> list[str]:
    """Return ffmpeg's names of the video codecs that are meant. Raises ValueError that names every other word."""
    known = {*source_codecs.VIDEO, *source_codecs.MORE_VIDEO}
    names = [source_codecs.USUAL_NAMES.get(item.lower(), item.lower()) for item in items]
    if wrong := [item for item in names if item not in known]:
        meant = perhaps(wrong, known)
        raise ValueError(f"{', '.join(wrong)} is no codec that can be taken{meant}: docs/deployment.md lists them")
    return list(dict.fromkeys(names))


def queue_names(items: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return the queues that are meant; `render` is all of them together. Raises ValueError that names every other
    word."""
    known = tuple(known)
    names = [name for item in items for name in (known if item.lower() == "render" else (item.lower(),))]
    if wrong := [name for name in names if name not in known]:
        raise ValueError(f"{', '.join(wrong)} not among {', '.join(known)}{perhaps(wrong, known)}")
    if not names:
        raise ValueError(f"one of {', '.join(known)} is needed, or several")
    return list(dict.fromkeys(names))


def origin(text: str) -> str:
    """Read an origin as browsers send it: scheme, host and port. Raises ValueError with what is perhaps meant."""
    if text == "*":
        raise ValueError("name exact origins, * is not taken")
    if "://" not in text:
        raise ValueError(f"{text} is no origin, it has no scheme: https://{text.strip('/')} perhaps?")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{text} is no origin ({error})") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise ValueError(f"{text} is no origin: one looks like https://app.example or http://localhost:3000")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    usual = {"http": 80, "https": 443}[parts.scheme]
    plain = f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, usual) else "")
    if text != plain:
        raise ValueError(f"{text} is not how browsers write an origin: {plain} perhaps?")
    return plain


_NAME = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*"
_HOST_PATTERN = re.compile(rf"(\*\.)?{_NAME}|\[[0-9a-f:.]+\]", re.ASCII)


def host_pattern(text: str) -> str:
    """Read the name of a host, or `*.` and a name for all hosts below it. Raises ValueError with what is perhaps
    meant."""
    if text == "*":
        raise ValueError("name the hosts (video.example.org, or *.example.org for all below it), * is not taken")
    name = text.lower().removesuffix(".")
    if _HOST_PATTERN.fullmatch(name):
        return name
    host = re.sub(r"^[a-z][a-z0-9+.-]*://", "", name).partition("/")[0]
    host = re.sub(r":\d*$", "", host)
    if host.startswith(".") and re.fullmatch(_NAME, host[1:], re.ASCII):
        host = f"*{host}"
    if not host.isascii():
        with contextlib.suppress(UnicodeError):
            host = host.encode("idna").decode()
    meant = f"{host} perhaps?" if _HOST_PATTERN.fullmatch(host) else "one looks like video.example.org"
    raise ValueError(f"{text} is no name of a host (no scheme, no port, no path): {meant}")


def ports(text: str) -> range:
    """Read a port, or the first and the last of many: 443, 8000-8999. Raises ValueError."""
    first, dash, last = text.partition("-")
    numbers = [part.strip() for part in ((first, last) if dash else (first, first))]
    if not all(part.isascii() and part.isdigit() and 1 <= int(part) <= 65535 for part in numbers):
        raise ValueError(f"{text} is no port: one is written as 443, many as 8000-8999")
    return range(int(numbers[0]), int(numbers[1]) + 1)


def network_or_host(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | str:
    """Read a network (10.1.0.0/16), an IP address, or the name of a host as `host_pattern` does. Raises ValueError."""
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        if re.fullmatch(r"[0-9a-fA-F:.]*(:|/)[0-9a-fA-F:./]*|[0-9.]+", text):
            raise ValueError(f"{text} is no network: one looks like 10.1.0.0/16 or fd00::/8") from None
        return host_pattern(text)


def needed(kind: Any) -> str:
    """Return the sentence that says what a setting of this type takes."""
    base, *marks = get_args(kind) if get_origin(kind) is not Literal and hasattr(kind, "__metadata__") else (kind,)
    if get_origin(base) is Literal:
        return f"one of {', '.join(map(str, get_args(base)))} is needed"
    if base is bool:
        return "true or false is needed"
    what = {int: "a whole number", float: "a number"}.get(base, "another value")
    bounds = [
        f"{word} {limit:g}"
        for mark in marks
        if isinstance(mark, Meta)
        for word, limit in (("above", mark.gt), ("of at least", mark.ge), ("up to", mark.le))
        if limit is not None
    ]
    return " ".join([what, *bounds, "is needed"])


def value(text: str, kind: Any, read: Callable[[str], object] | None = None) -> object:
    """Return `text` as a value of the type `kind`, read by `read` first. Raises ValueError with what is needed."""
    raw = read(text) if read is not None else text
    try:
        return msgspec.convert(raw, kind, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(needed(kind)) from error
