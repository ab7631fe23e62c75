"""Views: terminal, pictures, JSON, files. No maths, no model."""
