"""Kinds of pictures other than matrices: words joined by lines or arcs, and words in colour."""
