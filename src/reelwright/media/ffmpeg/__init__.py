"""The program itself: what it can do here, how it is run, what it says."""
