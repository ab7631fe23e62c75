"""Positions: added to the embedding, rotated into q and k, or part of the scores."""
