"""How video is coded: an encoder a module, and which of them codes an output on this machine."""
