"""The tokens of a file: their labels, which are special, which are pieces of a word."""
