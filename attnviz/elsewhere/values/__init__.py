"""The numbers of matrices: what rounding, masks and padding do to them, and what is wrong with them."""
