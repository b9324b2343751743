"""The JSON of the first surface: every struct here is part of the API."""
