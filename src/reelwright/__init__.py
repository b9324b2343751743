"""Reelwright: uploaded videos in, edited videos out."""
