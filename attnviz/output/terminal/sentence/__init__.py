"""A sentence with one word's attention on it, a line per head."""
