"""Reelwright: uploaded videos in, edited videos out."""

from importlib.metadata import version

__version__ = version("reelwright")
