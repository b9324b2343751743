"""Splicing, contained: surveys, joins and proves for `Splicer`, each in a child of its own (`fork_server`)."""

from __future__ import annotations

import os
from collections.abc import Sequence

import msgspec

from reelwright.media.sandbox import fork_server


def load() -> None:
    """Load what a child cannot: it can open nothing any more."""
    from reelwright.media.splicing import join, proof, survey  # noqa: F401


def splice(request: bytes, files: Sequence[int]) -> object:
    """Survey the first file; join packets of the first to the second, or compare both; the last one is told how far
    that is.

    Raises UnreadableMedia, whose code says why a source is not cut in this way.
    """
    from av.error import FFmpegError

    from reelwright.errors import UnreadableMedia
    from reelwright.media.splicing import join, proof, survey
    from reelwright.media.splicing.bits import Malcoded, NotJoined
    from reelwright.media.splicing.packet_source import NotCopied
    from reelwright.media.splicing.requests import JoinRequest, ProofRequest, Request, SurveyRequest

    asked: Request = msgspec.json.decode(request, type=Request)
    *media, done_fd = files

    def tell(done: float) -> None:
        os.pwrite(done_fd, fork_server.DONE.pack(done), 0)

    try:
        match asked:
            case SurveyRequest():
                return survey.survey(media[0], asked)
            case JoinRequest():
                return join.join(media[0], media[1], asked, tell)
            case ProofRequest():
                return proof.prove(media[0], media[1], asked, tell)
    except (NotCopied, NotJoined, Malcoded) as error:
        raise UnreadableMedia(str(error)) from error
    except (FFmpegError, IndexError, ValueError) as error:
        raise UnreadableMedia(f"its packets cannot be read or joined ({type(error).__name__})") from error
