"""What the figures of a scaling fit are called."""

from __future__ import annotations

MEANINGS: dict[str, tuple[str, str]] = {
    "crossover": ("compute from which on verification is ahead of self-consistency", "cost"),
    "sc_plateau": ("best success of self-consistency", "probability"),
    "sc_plateau_cost": ("compute with which self-consistency reaches it", "cost"),
    "match_cost": ("compute with which verification first matches it", "cost"),
    "match_multiple": ("match_cost over sc_plateau_cost", "ratio"),
    "gain": ("best verified success minus the plateau", "probability"),
    "gain_multiple": ("compute of the best verified success over sc_plateau_cost", "ratio"),
    "best_success": ("best verified success", "probability"),
    "grid_a": ("exponent of S, best cells of the grid", "exponent"),
    "grid_b": ("exponent of V, best cells of the grid", "exponent"),
    "spline_a": ("exponent of S, optimum between cells while within the pool", "exponent"),
    "spline_b": ("exponent of V, optimum between cells while within the pool", "exponent"),
    "law_a": ("exponent of S, law of the surface while within the pool", "exponent"),
    "law_b": ("exponent of V, law of the surface while within the pool", "exponent"),
    "surface_accuracy": ("p of the law: accuracy of one solution", "probability"),
    "surface_gain": ("G of the law: gain of endless S and V", "probability"),
    "surface_loss": ("D of the law: what one verification loses of it", "probability"),
    "surface_alpha": ("alpha of the law", "exponent"),
    "surface_beta": ("beta of the law", "exponent"),
    "surface_kappa": ("kappa of the law", "exponent"),
    "surface_shift": ("s of the law", "solutions"),
    "surface_rmse": ("error of the law over the cells, root mean square", "probability"),
    "dearer_split": ("budget up to which cells were fitted to predict the dearer ones", "cost"),
    "dearer_cells": ("dearer cells", "cells"),
    "dearer_rmse": ("error of the prediction over them, root mean square", "probability"),
    "dearer_error": ("predicted minus measured success of the dearest best cell", "probability"),
    "dearer_regret": ("success given up by the extrapolated allocation", "probability"),
}
"""Meaning and unit of each figure; `cost` is the unit of the compute axis."""
