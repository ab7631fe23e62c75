"""Option groups of one subject each, declared once."""
