"""Reelwright: uploaded videos in, edited videos out."""

from reelwright import garbage_collection

garbage_collection.seldom()
