"""Plan -> commands: what of a plan is made by which ffmpeg process. Pure."""
