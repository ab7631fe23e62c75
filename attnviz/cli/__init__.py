"""The command line: one file per command, shared options declared once, no logic."""
