"""Texts and clients' pictures -> PNG files of ours, contained."""
