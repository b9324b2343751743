"""What is stored: videos, variants and their files."""
