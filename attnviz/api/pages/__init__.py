"""Pages for readers: what a notebook shows."""
