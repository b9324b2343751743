"""HLS and DASH: finished renditions as fragmented MP4, and their manifests."""
