"""From the bytes of a file to documents: objects whose fields are arrays, lists and texts."""
