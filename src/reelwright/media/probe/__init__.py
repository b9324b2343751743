"""An untrusted file -> MediaInfo, contained."""
