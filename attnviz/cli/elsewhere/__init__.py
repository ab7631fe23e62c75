"""How commands read attention from elsewhere: its options, and its input."""
