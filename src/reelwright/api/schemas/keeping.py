"""The JSON of how long things are kept: `keep_s` in requests, `kept_until` in answers, the rules of projects.

`expires_at` of a request is another matter: until then its job has to have started.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

import msgspec
from msgspec import UNSET, Meta, UnsetType

from reelwright.access.keep_rules import MAX_KEEP_S, NAMES, KeepRules, KeepSeconds
from reelwright.api.schemas.base import Body, Timestamp
from reelwright.api.schemas.labels import LabelsIn, LabelsPatch

KeepVideo = (
    Annotated[
        int,
        Meta(
            ge=0,
            le=MAX_KEEP_S,
            description="So long the video is kept, seconds from when it is there; 0: for good. Omitted: as the"
            " project's rule says (`GET /limits`).",
        ),
    ]
    | None
)
KeepAsset = (
    Annotated[
        int,
        Meta(
            ge=0,
            le=MAX_KEEP_S,
            description="So long the asset is kept, seconds from when it is there; 0: for good. Omitted: as the"
            " project's rule says (`GET /limits`).",
        ),
    ]
    | None
)
KeepResults = (
    Annotated[
        int,
        Meta(
            ge=0,
            le=MAX_KEEP_S,
            description="So long the results are kept, seconds from when they are made; 0: as long as their video."
            " Omitted: as the project's rule says (`GET /limits`). It says nothing of how long the job may wait.",
        ),
    ]
    | None
)
KeptUntil = Annotated[
    Timestamp | None,
    Meta(
        description="When it is deleted by itself, with all that was made of it; it waits for results that are kept for"
        " longer by an end of their own. Null: never."
    ),
]


ResultKeep = Annotated[
    int | None, Meta(description="So long its results are kept, from when they are made. Null: as long as their video.")
]
AssetKeptUntil = Annotated[
    Timestamp | None,
    Meta(description="When it is deleted by itself; it waits for templates that name it. Null: never."),
]
VariantKeptUntil = Annotated[Timestamp | None, Meta(description="When it is deleted by itself. Null: with its video.")]


class VideoSaidIn(LabelsIn, frozen=True, kw_only=True):
    """What a client says of a video that it sends."""

    keep_s: KeepVideo = None


class AssetSaidIn(Body, frozen=True, kw_only=True):
    """What a client says of an asset that it sends."""

    keep_s: KeepAsset = None


class AssetPatch(Body, frozen=True, kw_only=True):
    """What is to be changed of an asset. What is left out stays as it is."""

    keep_s: Annotated[
        KeepSeconds | UnsetType | None,
        Meta(
            description="So long it is kept from now on, seconds; 0: for good. Null: as the project's rule says of what"
            " comes now."
        ),
    ] = UNSET


class StoredPatch(LabelsPatch, frozen=True, kw_only=True):
    """What is to be changed of a video or a variant; as of labels."""

    keep_s: Annotated[
        KeepSeconds | UnsetType | None,
        Meta(
            description="So long it is kept from now on, seconds; 0: for good, or as long as its video. Null: as the"
            " project's rule says of what comes now."
        ),
    ] = UNSET


class KeepRulesIn(Body, frozen=True, kw_only=True):
    """Rules of its own. Null: as the settings say. They hold for what comes from now on; of jobs, events and deliveries
    also for what is there."""

    videos_s: Annotated[
        KeepSeconds | UnsetType | None, Meta(description="Videos, from when they came; 0: for good.")
    ] = UNSET
    results_s: Annotated[
        KeepSeconds | UnsetType | None,
        Meta(description="Variants, from when they were made; 0: as long as their video."),
    ] = UNSET
    assets_s: Annotated[
        KeepSeconds | UnsetType | None,
        Meta(
            description="Pictures, sounds and subtitles that edits use, from when they came; 0: for good. What a"
            " template names stays."
        ),
    ] = UNSET
    jobs_s: Annotated[
        KeepSeconds | UnsetType | None,
        Meta(description="Jobs that have ended, once their results are gone; 0: for good."),
    ] = UNSET
    events_s: Annotated[KeepSeconds | UnsetType | None, Meta(description="Events; 0: for good.")] = UNSET
    deliveries_s: Annotated[
        KeepSeconds | UnsetType | None,
        Meta(description="What was sent to webhooks; no longer than its event."),
    ] = UNSET
    trash_s: Annotated[
        KeepSeconds | UnsetType | None,
        Meta(description="Deleted videos can be had back for so long; 0: they are gone at once."),
    ] = UNSET

    @property
    def given(self) -> dict[str, int | None]:
        """Return those that are named."""
        return {name: kept for name in NAMES if (kept := getattr(self, name)) is not UNSET}


class KeepRulesOut(msgspec.Struct, frozen=True, kw_only=True):
    """Rules of its own, seconds. 0: for good; null: as the settings say."""

    videos_s: int | None
    results_s: int | None
    assets_s: int | None
    jobs_s: int | None
    events_s: int | None
    deliveries_s: int | None
    trash_s: int | None

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        return cls(**{name: stored.get(name) for name in NAMES})

    @classmethod
    def in_force(cls, rules: KeepRules) -> Self:
        return cls(**msgspec.structs.asdict(rules))
