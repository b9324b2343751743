"""How video is coded: one row of options an encoder."""
