"""HOW it is made: all that knows ffmpeg, and everything that touches untrusted bytes."""
