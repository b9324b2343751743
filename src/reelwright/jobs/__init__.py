"""WHEN: jobs from their submission to their end."""
