"""Sources that a step names, to join or to mix in: a picture, a video or a sound, wherever it is kept."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright import file_formats
from reelwright.db.models import Asset, File, Variant, Video
from reelwright.edits.cues.track import MAX_CUES, TextKind
from reelwright.edits.facts import ImageFacts, SoundFacts, VideoFacts
from reelwright.edits.materials import Named
from reelwright.edits.media_info import MediaInfo
from reelwright.errors import NotFound, UnsupportedMedia
from reelwright.file_formats import FileFormat
from reelwright.library import assets_folder, deletion, file_references
from reelwright.library.embedded_subtitles import EmbeddedTexts
from reelwright.library.file_references import STORED_PREFIX
from reelwright.library.overlay_images import OverlayImages
from reelwright.library.stored_on_first_use import StoredOnFirstUse
from reelwright.library.texts_of_joined_videos import own_texts
from reelwright.settings import Settings
from reelwright.storage.local import LocalStorage

NO_SOUND_IN_PICTURES = "is a picture: it has no sound"
NO_PICTURE_IN_SOUNDS = "is sound without a picture: the step `audio` replaces sound by it, or mixes it in"
NO_VIDEO_IN_SOUND = (
    "is a result of sound alone, which has no moving picture to edit: name it in a step `audio` (`variant:<id>`), or"
    " edit what it was made of"
)
NO_VIDEO_IN_IMAGE = "is a result of images alone, which has no moving picture to edit: edit what it was made of"
MAX_JOINED_CUES = 10 * MAX_CUES
"""So many cues of videos that one edit joins are held at the same time, and those of one more."""
TOO_MANY_CUES = f"what text it has is left out: the videos before it have {MAX_JOINED_CUES} cues together or more"


@dataclass(frozen=True, slots=True)
class NamedSources:
    """Finds what requests name, and makes it ready."""

    settings: Settings
    storage: LocalStorage
    sessions: async_sessionmaker[AsyncSession]
    overlay_images: OverlayImages
    on_first_use: StoredOnFirstUse
    embedded_texts: EmbeddedTexts

    async def prepare(self, named: Named) -> ImageFacts | str:
        """Outside of any transaction: a still picture is drawn; of anything else, return what names it as it is stored;
        of a video, what text it has is read.

        Raises NotFound, UnsupportedMedia, UnreadableMedia, Busy.
        """
        ready = await self._ready(named)
        if isinstance(ready, str) and named.takes == "picture":
            await self.embedded_texts.require_read(_id_or_key(ready))
        return ready

    async def _ready(self, named: Named) -> ImageFacts | str:
        name = named.name
        path = await assets_folder.named_video(name, self.settings)
        if path is None and name.startswith("asset:"):
            async with self.sessions() as session:
                path = self.storage.path((await file_references.stored_asset(session, name[len("asset:") :])).key)
            still = await asyncio.to_thread(_image_format, path) is not None
        elif path is not None:
            still = await asyncio.to_thread(_image_format, path) not in (None, file_formats.GIF)  # which may move
            if not still:
                return await self.on_first_use.take(path, name.removeprefix(assets_folder.PREFIX), sound=True)
        else:
            return name
        if not still:
            return name
        if named.takes == "sound":
            raise UnsupportedMedia(NO_SOUND_IN_PICTURES)
        return await self.overlay_images.normalize(path)


async def stored_video(session: AsyncSession, reference: str) -> tuple[File, MediaInfo]:
    """The file that a reference to a video names, and what is known of it. It is locked against deletion until the
    transaction ends.

    Raises NotFound, UnsupportedMedia.
    """
    file, owner = await _owned(session, reference)
    return file, _media_with_picture(owner)


def _media_with_picture(owner: Video | Variant) -> MediaInfo:
    media = msgspec.convert(owner.media_info, MediaInfo)
    if not media.video:
        raise UnsupportedMedia(NO_VIDEO_IN_SOUND if media.audio else NO_VIDEO_IN_IMAGE)
    return media


async def _owned(session: AsyncSession, reference: str) -> tuple[File, Video | Variant]:
    """The file that a reference names, locked, and what it is the file of. Raises NotFound, UnsupportedMedia."""
    file = await file_references.video(session, reference)
    owner: Video | Variant | None = (
        await session.get(Video, file.video_id)
        if file.video_id is not None
        else await session.get(Variant, file.variant_id)
    )
    if owner is None:  # its lock came before the row was deleted
        raise NotFound("no such video or variant", code="asset_missing")
    return file, owner


async def stored(
    session: AsyncSession, reference: str, named: Named, texts: Collection[TextKind] = ()
) -> tuple[File, VideoFacts | SoundFacts]:
    """What a prepared reference names, locked as `stored_video` does; of a video, with such of its `texts`. Raises
    NotFound, UnsupportedMedia."""
    kind, _, rest = reference.partition(":")
    if kind != "asset":
        file, owner = await _owned(session, reference)
        if named.takes == "picture":
            media = _media_with_picture(owner)
            own = await own_texts(session, owner, media, texts)
            return file, VideoFacts(sha256=file.sha256, media=media, texts=own.tracks, warnings=own.warnings)
        media = msgspec.convert(owner.media_info, MediaInfo)
    else:
        file = await file_references.stored_asset(session, rest)
        asset = await session.get(Asset, file.asset_id) if await deletion.hold(session, file) else None
        if asset is None or asset.media_info is None:
            raise NotFound("no such asset; GET /assets lists those that there are", code="asset_missing")
        if named.takes != "sound":
            raise UnsupportedMedia(NO_PICTURE_IN_SOUNDS)
        media = msgspec.convert(asset.media_info, MediaInfo)
    return file, SoundFacts(sha256=file.sha256, media=media)


@dataclass(slots=True)
class SourcesOfEdit:
    """What the sources of one edit are, by what names them: each is looked up once, and no more text is held than an
    edit can have a use for."""

    session: AsyncSession
    texts: Collection[TextKind]
    _known: dict[tuple[str, Named], tuple[File, VideoFacts | SoundFacts]] = field(default_factory=dict)
    _cues: int = 0

    async def stored(self, reference: str, named: Named) -> tuple[File, VideoFacts | SoundFacts]:
        """As the function. Raises NotFound, UnsupportedMedia."""
        if (known := self._known.get((reference, named))) is None:
            known = self._known[reference, named] = await self._looked_up(reference, named)
        return known

    async def _looked_up(self, reference: str, named: Named) -> tuple[File, VideoFacts | SoundFacts]:
        is_full = self._cues >= MAX_JOINED_CUES
        file, facts = await stored(self.session, reference, named, () if is_full else self.texts)
        if isinstance(facts, VideoFacts):
            self._cues += sum(len(track.cues) for track in facts.texts)
            if is_full and self.texts:
                facts = msgspec.structs.replace(facts, warnings=(TOO_MANY_CUES,))
        return file, facts


def _id_or_key(reference: str) -> uuid.UUID | str:
    """Of a stored video, as `file_references.video` reads it."""
    kind, _, rest = reference.partition(":")
    try:
        return uuid.UUID(rest) if kind in ("video", "variant") else reference.removeprefix(STORED_PREFIX)
    except ValueError:  # whoever looks for it says so
        return reference


def _image_format(path: Path) -> FileFormat | None:
    """Raises NotFound when it was deleted a moment ago."""
    try:
        with path.open("rb") as file:
            return file_formats.of_image(file.read(file_formats.IMAGE_SIGNATURE_BYTES))
    except FileNotFoundError as error:
        raise NotFound("the file is not there", code="file_missing") from error
