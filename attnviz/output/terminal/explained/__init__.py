"""The explanation of one query token on the terminal: its parts, a file each."""
