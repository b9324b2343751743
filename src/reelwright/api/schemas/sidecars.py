"""The JSON that asks for posters, thumbnails, sprites and previews beside renditions."""

from __future__ import annotations

from reelwright.edits.gifs_and_previews import Gif, Preview
from reelwright.edits.posters_and_thumbnails import Poster, Thumbnails
from reelwright.edits.sprite_sheet import Sprite


class PosterIn(Poster, frozen=True, kw_only=True, tag=False):
    __doc__ = Poster.__doc__


class ThumbnailsIn(Thumbnails, frozen=True, kw_only=True, tag=False):
    __doc__ = Thumbnails.__doc__


class SpriteIn(Sprite, frozen=True, kw_only=True, tag=False):
    __doc__ = Sprite.__doc__


class PreviewIn(Preview, frozen=True, kw_only=True, tag=False):
    __doc__ = Preview.__doc__


class GifIn(Gif, frozen=True, kw_only=True, tag=False):
    __doc__ = Gif.__doc__
