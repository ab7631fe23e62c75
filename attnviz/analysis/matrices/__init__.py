"""From a trace to the matrices that are shown."""
