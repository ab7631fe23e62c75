"""Which tokens matrices are between: chosen rows and columns, sums over segments, means over rows."""
