"""Options of pictures, and where they go."""
