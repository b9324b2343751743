"""What a token is for: one thing, of one thing. Pure."""

from __future__ import annotations

from enum import StrEnum

from reelwright.access.scopes import Scope


class Purpose(StrEnum):
    """`upload`: send one file, once. `read`: follow one job, or look one video up. `play`: fetch every file of one
    variant, as players do. `download`: fetch the file of one video or variant."""

    UPLOAD = "upload"
    READ = "read"
    PLAY = "play"
    DOWNLOAD = "download"

    @property
    def subjects(self) -> frozenset[Subject]:
        """What a token of this purpose can be for."""
        return _SUBJECTS[self]

    @property
    def scope(self) -> Scope:
        """What the key that makes such a token has to allow."""
        return Scope.WRITE if self is Purpose.UPLOAD else Scope.READ

    @property
    def is_address(self) -> bool:
        """Whether the token is part of an address, `/signed/{token}/...`: such ones stay the same for a while."""
        return self in (Purpose.PLAY, Purpose.DOWNLOAD)


class Subject(StrEnum):
    """The kind of thing that a token is for, or that it was used for: an upload in several requests is one, too."""

    UPLOAD = "upload"
    VIDEO = "video"
    VARIANT = "variant"
    JOB = "job"


_SUBJECTS = {
    Purpose.UPLOAD: frozenset[Subject](),
    Purpose.READ: frozenset({Subject.VIDEO, Subject.JOB}),
    Purpose.PLAY: frozenset({Subject.VARIANT}),
    Purpose.DOWNLOAD: frozenset({Subject.VIDEO, Subject.VARIANT}),
}
