"""The JSON that asks for outputs of an edit: in one word, or with all that renditions take; sound or images alone."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from reelwright.api.schemas.sidecars import GifIn
from reelwright.api.schemas.transcode import MAX_QUALITIES, RenditionsIn
from reelwright.edits import output_rules
from reelwright.edits.codecs import SOUND_CONTAINERS, SoundContainer, VideoContainer
from reelwright.edits.gifs_and_previews import Gif
from reelwright.edits.kinds_and_states import Quality
from reelwright.edits.output_shorthand import EXAMPLES, WantedOutput, read_word
from reelwright.edits.sidecars import AnySidecar
from reelwright.edits.validation import Check
from reelwright.errors import FieldError

MAX_OUTPUTS = 16


class OutputIn(RenditionsIn, frozen=True, kw_only=True):
    """Renditions, and what goes with them; or a file of sound alone; or images alone."""

    sidecar_kinds: ClassVar[dict[str, type[AnySidecar]]] = {**RenditionsIn.sidecar_kinds, "gif": Gif}

    container: (
        Annotated[
            VideoContainer | SoundContainer,
            Meta(
                description="Omitted: mp4. m4a (AAC), mp3, wav and flac (16 bits), and ogg (Opus) hold sound alone: the"
                " first track of it, coded as `audio` says."
            ),
        ]
        | None
    ) = None  # type: ignore[assignment]
    qualities: (
        Annotated[
            list[Quality],
            Meta(
                max_length=MAX_QUALITIES,
                description="As for `POST /transcode`. An empty list makes no video: only the images that are named.",
                examples=[["720p"]],
            ),
        ]
        | None
    ) = None
    gif: Annotated[GifIn, Meta(description="An animated GIF; an empty object takes all of a short video.")] | None = (
        None
    )

    @property
    def wanted(self) -> WantedOutput:
        return WantedOutput(None if self.qualities == [] else self.ladder(), self.sidecars)

    def faults(self) -> list[FieldError]:
        """Return what says something of what is not made, or that nothing is."""
        fields = msgspec.structs.fields(type(self))
        said = {field.name for field in fields if getattr(self, field.name) != field.default}
        images_alone = self.qualities == []
        if images_alone and self.container not in SOUND_CONTAINERS and not self.sidecars:
            return [FieldError("/qualities", f"is empty: name one, or an image ({', '.join(self.sidecar_kinds)})")]
        return output_rules.of_what_is_not_made(said, self.container, images_alone=images_alone)


def _checked_word(output: str | dict[str, object]) -> None:
    """Raises ValueError. An object is no word, and says what is wrong with it by itself."""
    if isinstance(output, str):
        read_word(output)


OutputWord = Annotated[
    str, Check(_checked_word), Meta(max_length=32, description=f"One of the usual, as {', '.join(EXAMPLES)}.")
]

Outputs = Annotated[
    tuple[OutputIn | OutputWord, ...],
    Meta(
        min_length=1,
        max_length=MAX_OUTPUTS,
        description="What is made of it, several at once: words for the usual, or all that `POST /transcode` takes;"
        " sound or images alone."
        " Omitted: one MP4 at the size that the steps give it.",
    ),
]

USUAL_OUTPUTS = ("mp4",)
