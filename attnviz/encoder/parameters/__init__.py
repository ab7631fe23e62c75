"""The block's parameters: their names and shapes, from a seed, a file or arrays."""
