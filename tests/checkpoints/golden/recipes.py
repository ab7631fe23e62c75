"""All recipes of golden folders, by the folder's name."""

import recipes_blocks
import recipes_data
import recipes_encoder_decoders
import recipes_fields
import recipes_first
import recipes_transforms

PARTS = (recipes_first, recipes_data, recipes_transforms, recipes_fields, recipes_blocks, recipes_encoder_decoders)
RECIPES = {name: recipe for part in PARTS for name, recipe in part.RECIPES.items()}
