"""The sums over rows that metrics are means of, over blocks that fit a core's cache."""
