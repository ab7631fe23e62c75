"""The ``tokenizers`` library as an engine that may fail: its panics, its crashes, and expressions that never end."""
