"""Requests that the service makes to addresses that clients name: to nobody who is not meant to be reached."""
