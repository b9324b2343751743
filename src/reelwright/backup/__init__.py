"""A running service as one folder, and back."""
