"""Traces to matrices and explanations."""
