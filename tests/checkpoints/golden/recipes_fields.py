"""Recipes of families with fields of their own for positions and scores."""

from recipe import Recipe

RECIPES: dict[str, Recipe] = {}
