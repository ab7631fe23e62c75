"""The tokens and the text of ids that a model wrote."""
