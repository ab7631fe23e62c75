"""The terminal explorer: all heads under the arrow keys. Only ``app`` and ``program`` know Textual."""
