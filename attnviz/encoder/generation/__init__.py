"""Greedy generation: the next token, again and again, with the keys and values of those before it."""
