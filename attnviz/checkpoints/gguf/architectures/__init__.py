"""The architectures, some in each file."""
