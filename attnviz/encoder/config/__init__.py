"""The block's configuration."""
