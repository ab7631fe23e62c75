"""Pictures as files: bytes in each format, written whole."""
