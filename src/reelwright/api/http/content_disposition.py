"""The header that names a download, whatever signs are in the name. Pure."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote


def content_disposition(filename: str, *, inline: bool) -> str:
    """Return the header that names a download (RFC 6266): in UTF-8 (RFC 8187) and, for old clients, in ASCII."""
    name = "".join("_" if char in '/\\"' or ord(char) < 32 or ord(char) == 127 else char for char in filename)
    name = name.encode(errors="ignore").decode()  # lone surrogates
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().strip()
    plain = re.sub(r"[^A-Za-z0-9 ._()\[\]+-]", "_", plain)
    if not plain.strip("._ ") or plain.startswith("."):
        plain = f"download{plain}" if plain.startswith(".") else "download"
    encoded = quote(name or "download", safe="!#$&+-.^_`|~")
    return f"{'inline' if inline else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{encoded}"
