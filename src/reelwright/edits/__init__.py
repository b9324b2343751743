"""WHAT is wanted: pure values and decisions. No I/O, no ffmpeg, no HTTP."""
