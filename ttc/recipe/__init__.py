"""Recipes: YAML in, a validated composition of parts out, every mistake named by line and key."""

from ttc.recipe.identity import code_behind, recipe_hash, resolve, run_id
from ttc.recipe.load import load_recipe, parse_recipe
from ttc.recipe.model import Grid, Recipe
from ttc.recipe.schema import recipe_schema
from ttc.recipe.shipped import ShippedRecipe, find_recipe, shipped_recipes, starter

__all__ = [
    "Grid",
    "Recipe",
    "ShippedRecipe",
    "code_behind",
    "find_recipe",
    "load_recipe",
    "parse_recipe",
    "recipe_hash",
    "recipe_schema",
    "resolve",
    "run_id",
    "shipped_recipes",
    "starter",
]
