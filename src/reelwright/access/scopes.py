"""What a key allows. None of them includes another."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """`read`: look and download. `write`: upload, edit, cancel, delete. `admin`: keys of every project, and what the
    service says of itself as a whole."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


USUAL = (Scope.READ, Scope.WRITE)
