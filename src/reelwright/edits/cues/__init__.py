"""Cues: the texts of subtitles and when each is shown. Read from SRT, WebVTT or JSON, moved in time, written. Pure."""
