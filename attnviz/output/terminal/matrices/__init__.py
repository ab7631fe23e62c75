"""Attention matrices on the terminal: one in a style, one head and a line for the others."""
