"""Processes that can do little: whatever a hostile file makes of them stays inside."""
