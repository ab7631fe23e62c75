"""Conditions on heads: their language and their outcomes."""
