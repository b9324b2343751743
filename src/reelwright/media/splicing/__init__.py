"""Cuts that copy: packets of the source, with frames coded anew at their edges, joined into one file and proven."""
