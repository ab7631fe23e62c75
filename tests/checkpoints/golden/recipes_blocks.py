"""Recipes of families with fields of their own for norms, layers and experts."""

from recipe import Recipe

RECIPES: dict[str, Recipe] = {}
