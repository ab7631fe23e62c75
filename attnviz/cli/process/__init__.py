"""The process that a command line runs in."""
