"""One recipe for each golden folder that llama.cpp has an architecture for."""

from tests.checkpoints.gguf.conversion import Recipe, of_pairs

RECIPES = (Recipe("llama", "llama", lambda c: {"rope.dimension_count": c["head_dim"]}, of_pairs),)
