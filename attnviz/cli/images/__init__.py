"""Pictures inside the terminal: asking it what it can draw."""
