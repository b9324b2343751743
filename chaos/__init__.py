"""Chaos: real work on a real service while everything that can fail does, and what must hold of it afterwards."""
