"""Files to configurations, weights and arrays."""
