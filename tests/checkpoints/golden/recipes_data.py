"""Recipes of families that are data only."""

from recipe import Recipe

RECIPES: dict[str, Recipe] = {}
