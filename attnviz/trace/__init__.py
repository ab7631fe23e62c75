"""The data that flows through the program."""
