"""The page: one HTML file with the matrices of all heads, which a browser shows without a network."""
