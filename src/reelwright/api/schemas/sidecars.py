"""The pictures that clients may ask for beside renditions."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from reelwright.api.schemas.base import Body, Moment
from reelwright.edits import sidecars
from reelwright.edits.pointers import Pointer
from reelwright.edits.sidecars import AnyCompanion, Poster, Preview, Seconds, Sprite, Thumbnails


class PosterIn(Body, frozen=True, kw_only=True):
    """One frame of the video as a JPEG: the first from `at` on, or a typical one."""

    at: Moment | None = None
    width: Annotated[int, Meta(ge=16, le=8192, description="Pixels; omitted: as wide as the video.")] | None = None

    def companion(self) -> Poster:
        return Poster(at=self.at, width=self.width)


class ThumbnailsIn(Body, frozen=True, kw_only=True):
    """JPEGs, `thumbnail-0001.jpg` and so on as their times rise, and `thumbnails.vtt` (WebVTT) that tells each one's
    time. Each shows the first frame that is not before its time. Give `at` or `every`."""

    at: Annotated[list[Moment], Meta(max_length=sidecars.MOST_THUMBNAILS, description="These times.")] | None = None
    every: (
        Annotated[Seconds, Meta(description="Seconds: the start, and each so much later, 500 in all.", examples=[10])]
        | None
    ) = None
    width: (
        Annotated[int, Meta(ge=16, le=4096, description="Pixels; omitted: 320, or the video's when less.")] | None
    ) = None

    def companion(self) -> Thumbnails:
        at = None if self.at is None else tuple(self.at)
        return Thumbnails(at=at, every=self.every, width=self.width)


class SpriteIn(Body, frozen=True, kw_only=True):
    """Contact sheets (`sprite-1.jpg`...), each at most 4096x4096, and `sprite.vtt` (WebVTT) with the place of each
    time's tile, as players take it for pictures over the seek bar. Omit both `every` and `count` for up to 100 tiles,
    not more than one a second."""

    every: (
        Annotated[Seconds, Meta(description="Seconds from tile to tile; 1000 tiles in all.", examples=[10])] | None
    ) = None
    count: Annotated[int, Meta(ge=1, le=sidecars.MOST_TILES, description="So many tiles, evenly spread.")] | None = None
    width: Annotated[int, Meta(ge=16, le=640, description="Of a tile, in pixels.")] = 160
    columns: Annotated[int, Meta(ge=1, le=64, description="Tiles side by side, as far as they fit.")] = 10

    def companion(self) -> Sprite:
        return Sprite(every=self.every, count=self.count, width=self.width, columns=self.columns)


class PreviewIn(Body, frozen=True, kw_only=True):
    """A short moving picture without sound, `preview.webp`, that repeats for ever: from `at` on, or six bits from all
    over the video."""

    at: Moment | None = None
    duration: Annotated[float, Meta(ge=0.1, le=10, description="Seconds in all.")] = 3.0
    width: Annotated[int, Meta(ge=16, le=640, description="Pixels; omitted: 320, or the video's when less.")] | None = (
        None
    )
    frame_rate: Annotated[int, Meta(ge=1, le=20, description="Frames a second.")] = 10

    def companion(self) -> Preview:
        return Preview(at=self.at, duration=self.duration, width=self.width, frame_rate=self.frame_rate)


class StillsIn(Body, frozen=True, kw_only=True):
    """Pictures of the video, all from the same decode, kept beside the best rendition."""

    poster: (
        Annotated[
            PosterIn, Meta(description="A still picture beside the best rendition; an empty object takes a good one.")
        ]
        | None
    ) = None
    thumbnails: Annotated[ThumbnailsIn, Meta(description="Still pictures of given times.")] | None = None
    sprite: Annotated[SpriteIn, Meta(description="Small pictures of all the video on few sheets.")] | None = None
    preview: Annotated[PreviewIn, Meta(description="A short moving picture.")] | None = None

    @property
    def companions(self) -> tuple[AnyCompanion, ...]:
        wishes = (self.poster, self.thumbnails, self.sprite, self.preview)
        return tuple(wish.companion() for wish in wishes if wish is not None)

    @property
    def pointers(self) -> tuple[Pointer, ...]:
        """Where the companions are."""
        return tuple(Pointer(f"/{companion.__struct_config__.tag}") for companion in self.companions)
