"""HOW MUCH: what a machine and its disks have, and what of that is spoken for by work that runs."""
