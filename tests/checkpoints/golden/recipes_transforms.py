"""Recipes of families whose stored tensors are transformed."""

from recipe import Recipe

RECIPES: dict[str, Recipe] = {}
