"""Proof that a made file is what was planned: read whole, decoded, compared with its source where it seems odd."""
