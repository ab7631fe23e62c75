"""Rules that read several fields of the block from the settings of a ``config.json``."""
