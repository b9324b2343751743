"""WHERE media lies: keys relative to a root, published create-only and durable."""
