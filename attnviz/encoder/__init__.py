"""The model in pure NumPy: one attention function, one block, one stack. Knows neither files nor text."""
