"""All heads at a glance: each matrix in small, as half blocks or shades."""
