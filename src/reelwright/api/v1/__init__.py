"""/api/v1: the second surface, another product's shapes over the same services."""
