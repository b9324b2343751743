"""The DASH manifest (ISO/IEC 23009-1, on-demand profile), written from what was measured. Pure."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from reelwright import file_formats
from reelwright.edits.language_tags import UNKNOWN, tag_of
from reelwright.media.packaging.bandwidth import peak_bit_rate
from reelwright.media.packaging.fragmented_mp4 import Fragments
from reelwright.media.packaging.presentation import AudioRendition, Presentation, SubtitlesRendition

NAMESPACE = "urn:mpeg:dash:schema:mpd:2011"
PROFILES = "urn:mpeg:dash:profile:isoff-on-demand:2011,urn:mpeg:dash:profile:cmaf:2019"
ROLE = "urn:mpeg:dash:role:2011"
CHANNELS = "urn:mpeg:dash:23003:3:audio_channel_configuration:2011"
LAYOUTS = {7: 11, 8: 12}
"""ChannelConfiguration of ISO/IEC 23001-8 where it is not the number of channels."""


def manifest(presentation: Presentation) -> str:
    """One media file a representation, whose segments a player finds by its index."""
    mpd = Element(
        "MPD",
        {
            "xmlns": NAMESPACE,
            "profiles": PROFILES,
            "type": "static",
            "mediaPresentationDuration": _duration(presentation.duration_s),
            "minBufferTime": f"PT{presentation.target_s}S",
        },
    )
    period = SubElement(mpd, "Period", {"id": "0", "start": "PT0S"})
    _pictures(period, presentation)
    for number, sound in enumerate(presentation.sounds, start=1):
        _sound(period, number, sound, presentation.target_s)
    for number, track in enumerate(presentation.subtitles, start=1 + len(presentation.sounds)):
        _subtitles(period, number, track, presentation.duration_s)
    indent(mpd)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(mpd, encoding="unicode")}\n'


def _set(period: Element, number: int, kind: str, **more: str) -> Element:
    alike = {"subsegmentAlignment": "true", "subsegmentStartsWithSAP": "1"}
    return SubElement(period, "AdaptationSet", {"id": str(number), "contentType": kind, **alike, **more})


def _pictures(period: Element, presentation: Presentation) -> None:
    group = _set(period, 0, "video", mimeType=file_formats.MP4.mime_type)
    for picture in presentation.pictures:
        rate = {} if picture.frame_rate is None else {"frameRate": str(picture.frame_rate)}
        representation = SubElement(
            group,
            "Representation",
            {
                "id": picture.media.name.partition(".")[0],
                "codecs": picture.media.codec,
                "bandwidth": str(peak_bit_rate(picture.media.segments, presentation.target_s)),
                "width": str(picture.width),
                "height": str(picture.height),
                "sar": "1:1",
                **rate,
            },
        )
        _segments(representation, picture.media)


def _sound(period: Element, number: int, sound: AudioRendition, target_s: int) -> None:
    language = {"lang": tag_of(sound.language)} if sound.language else {}
    group = _set(period, number, "audio", mimeType=file_formats.M4A.mime_type, **language)
    SubElement(group, "Role", {"schemeIdUri": ROLE, "value": "main" if sound.default else "alternate"})
    representation = SubElement(
        group,
        "Representation",
        {
            "id": sound.media.name.partition(".")[0],
            "codecs": sound.media.codec,
            "bandwidth": str(peak_bit_rate(sound.media.segments, target_s)),
            "audioSamplingRate": str(sound.sample_rate),
        },
    )
    layout = str(LAYOUTS.get(sound.channels, sound.channels))
    SubElement(representation, "AudioChannelConfiguration", {"schemeIdUri": CHANNELS, "value": layout})
    _segments(representation, sound.media)


def _subtitles(period: Element, number: int, track: SubtitlesRendition, duration_s: Fraction) -> None:
    """A file of WebVTT as a whole, beside the media."""
    language = {"lang": track.language} if track.language != UNKNOWN else {}
    mime_type = file_formats.WEBVTT.mime_type.partition(";")[0]
    about = {"id": str(number), "contentType": "text", "mimeType": mime_type, **language}
    group = SubElement(period, "AdaptationSet", about)
    SubElement(group, "Label").text = track.label
    SubElement(group, "Role", {"schemeIdUri": ROLE, "value": "forced-subtitle" if track.forced else "subtitle"})
    if track.default:
        SubElement(group, "Role", {"schemeIdUri": ROLE, "value": "main"})
    bandwidth = max(1, ceil(track.size_bytes * 8 / duration_s))
    representation = SubElement(
        group, "Representation", {"id": track.name.partition(".")[0], "bandwidth": str(bandwidth)}
    )
    SubElement(representation, "BaseURL").text = track.name


def _segments(representation: Element, media: Fragments) -> None:
    SubElement(representation, "BaseURL").text = media.name
    index = {"indexRange": f"{media.init_bytes}-{media.index_end - 1}"}
    base = SubElement(representation, "SegmentBase", index)
    SubElement(base, "Initialization", {"range": f"0-{media.init_bytes - 1}"})


def _duration(value: Fraction) -> str:
    return f"PT{float(value):.3f}S"
