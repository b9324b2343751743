"""Videos to measure with, made cheaply: a short encode, repeated by copying its packets."""

from __future__ import annotations

from pathlib import Path

from tests.support.media_files import ffmpeg

PICTURE = "testsrc2=size={size}:rate=30:duration={duration_s}"
SOUND = "sine=frequency=440:duration={duration_s}"


def encoded(path: Path, *, size: str, duration_s: float, crf: int = 23) -> Path:
    """H.264 and AAC; `size` as "1280x720". A key frame every 2 s."""
    ffmpeg(
        *("-f", "lavfi", "-i", PICTURE.format(size=size, duration_s=duration_s)),
        *("-f", "lavfi", "-i", SOUND.format(duration_s=duration_s)),
        *("-c:v", "libx264", "-preset", "veryfast", "-crf", str(crf), "-g", "60", "-pix_fmt", "yuv420p"),
        *("-c:a", "aac", "-shortest", str(path)),
    )
    return path


def long(path: Path, *, size: str, duration_s: int) -> Path:
    """Some seconds of `encoded`, again and again."""
    seed = encoded(path.with_name(f"seed-{path.name}"), size=size, duration_s=10)
    ffmpeg("-stream_loop", str(duration_s // 10 - 1), "-i", str(seed), "-c", "copy", str(path))
    seed.unlink()
    return path


def huge(path: Path, *, size_bytes: int) -> Path:
    """A valid file of at least `size_bytes`: 1080p Motion JPEG of noise, many megabytes a second."""
    seed = path.with_name(f"seed-{path.name}")
    ffmpeg(
        *("-f", "lavfi", "-i", PICTURE.format(size="1920x1080", duration_s=1) + ",noise=alls=60:allf=t"),
        *("-f", "lavfi", "-i", SOUND.format(duration_s=1)),
        *("-c:v", "mjpeg", "-q:v", "4", "-pix_fmt", "yuvj420p", "-c:a", "pcm_s16le", "-shortest", str(seed)),
    )
    times = -(-size_bytes // seed.stat().st_size)
    ffmpeg("-stream_loop", str(times), "-i", str(seed), "-c", "copy", str(path))
    seed.unlink()
    if path.stat().st_size < size_bytes:
        raise RuntimeError(f"{path.name} has only {path.stat().st_size} bytes")
    return path


def many_frames(path: Path, *, hours: int) -> Path:
    """Very small pictures, 60 a second: a short file with a long index."""
    seed = path.with_name(f"seed-{path.name}")
    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=size=64x36:rate=60:duration=60"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-crf", "40", "-g", "600", "-pix_fmt", "yuv420p", str(seed)),
    )
    ffmpeg("-stream_loop", str(hours * 60 - 1), "-i", str(seed), "-c", "copy", str(path))
    seed.unlink()
    return path
