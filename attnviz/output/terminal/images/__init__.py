"""Pictures inside a terminal: what it can draw, and the bytes that make it draw."""
