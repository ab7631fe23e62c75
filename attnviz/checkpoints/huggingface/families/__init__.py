"""One small file of data for each ``model_type``, named after it (``-`` becomes ``_``), with its ``FAMILY``."""
