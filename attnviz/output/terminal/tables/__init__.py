"""Tables on a terminal, one a file."""
