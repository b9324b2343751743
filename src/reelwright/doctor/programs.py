"""ffmpeg and what it can do here, encoders in hardware, and fonts by script."""

from __future__ import annotations

import asyncio

from reelwright.doctor.finding import Finding, failed, ok, warning
from reelwright.edits.codecs import ENCODERS
from reelwright.errors import MediaProcessFailed
from reelwright.media.encoders.hardware import hardware_encoders
from reelwright.media.ffmpeg.capabilities import capabilities
from reelwright.media.ffmpeg.executable import ffmpeg_path
from reelwright.media.images import emoji
from reelwright.media.images.fonts import FontBook
from reelwright.settings import Settings

SCRIPTS = {
    "Latin": "Aéß",
    "Greek": "αω",
    "Cyrillic": "Жы",
    "Arabic": "عربي",
    "Hebrew": "עב",
    "Devanagari": "हिन्दी",
    "Bengali": "বাং",
    "Gurmukhi": "ਪੰਜਾ",
    "Gujarati": "ગુજ",
    "Odia": "ଓଡ଼ି",
    "Tamil": "தமி",
    "Telugu": "తెలు",
    "Kannada": "ಕನ್ನ",
    "Malayalam": "മലയാ",
    "Sinhala": "සිං",
    "Thai": "ไทย",
    "Lao": "ລາວ",
    "Khmer": "ខ្មែ",
    "Myanmar": "မြန်",
    "Georgian": "ქარ",
    "Armenian": "հայ",
    "Ethiopic": "አማር",
    "Tibetan": "བོད",
    "Chinese": "汉漢字",
    "Japanese": "ひらカナ",
    "Korean": "한글",
    "emoji": "😀",
}
"""A few letters of each, which a font for it has."""


async def ffmpeg(settings: Settings) -> list[Finding]:
    path = ffmpeg_path(settings)
    try:
        known = await capabilities(settings)
    except (MediaProcessFailed, TimeoutError) as error:
        detail = error.detail if isinstance(error, MediaProcessFailed) else "it does not answer"
        return [failed("ffmpeg", f"{path}: {detail}", "Correct FFMPEG_BIN, or leave it empty for the bundled ffmpeg.")]
    lacking = [name for name in ENCODERS if name not in known.encoders]
    lacking += [] if known.tone_mapping else ["tone mapping of HDR (the filters zscale and tonemap)"]
    lacking += [] if known.packet_reports else ["reports of packets (version 6)"]
    detail = f"{known.ffmpeg_version} ({path}), {known.threads} threads"
    if lacking:
        return [
            warning(
                "ffmpeg", f"{detail}; it lacks {', '.join(lacking)}", "Leave FFMPEG_BIN empty for one that has all."
            )
        ]
    return [ok("ffmpeg", f"{detail}, every encoder")]


async def hardware(settings: Settings) -> list[Finding]:
    """None is no fault: everything is done in software as well."""
    try:
        encoders = await hardware_encoders(settings)
    except (MediaProcessFailed, TimeoutError):
        return []  # what ails ffmpeg is found elsewhere
    return [ok("encoders in hardware", ", ".join(encoders) or "none that works here: all encoding is done in software")]


async def fonts(settings: Settings) -> list[Finding]:
    return await asyncio.to_thread(_fonts, settings)


def _fonts(settings: Settings) -> list[Finding]:
    book = FontBook.scan(settings.font_path)
    known = book.list()
    if not known:
        return [failed("fonts", "none was found", "Install again from the lock file: scripts/install.")]
    lacking = [script for script, letters in SCRIPTS.items() if book.missing_glyphs(letters)]
    detail = f"{len({font.family for font in known})} families"
    advice = f"Put fonts into FONT_DIR ({settings.font_path}), or install fonts-noto and fonts-noto-cjk."
    finding = (
        warning("fonts", f"{detail}; none draws {', '.join(lacking)}", advice)
        if lacking
        else ok("fonts", f"{detail}, for each of {len(SCRIPTS)} scripts")
    )
    if not {font.family for font in known} & set(emoji.COLOURED):
        advice = f"For coloured ones put Noto Color Emoji into FONT_DIR ({settings.font_path})."
        return [finding, warning("emoji", "drawn in one colour", advice)]
    return [finding]
