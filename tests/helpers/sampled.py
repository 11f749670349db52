"""A sampler on the embedded networks: a few problems, within a budget, and once more."""

from __future__ import annotations

from pathlib import Path

from on_nano import check_again, tables, used

from ttc.pipeline.run import Outcome, run_recipe
from ttc.recipe import parse_recipe

RECIPE = """
name: sampled
dataset: {{type: nano, family: arithmetic, levels: [2, 3], problems: {problems}}}
backend: {backend}
sampler: {sampler}
policies: [first]
results: {folder}
"""


def ran(
    folder: Path, sampler: str, model: str = "nano-solver", problems: int = 3, more: str = ""
) -> Outcome:
    """Run a recipe with a sampler, given as YAML. model: an embedded one, or a backend as YAML."""
    backend = model if model.startswith("{") else f"{{type: nano, model: {model}}}"
    text = RECIPE.format(sampler=sampler, backend=backend, problems=problems, folder=folder)
    return run_recipe(parse_recipe(text + more))


def check_budget(folder: Path, sampler: str, limit: int, model: str = "nano-solver") -> None:
    """It uses most of a budget that binds and never passes it; a rerun from the journal, in a run
    folder without tables, gives the same ones.
    """
    more = f"budget: {{per_problem: {{tokens: {limit}}}}}\n"
    first = tables(outcome := ran(folder, sampler, model, more=more))
    assert used(first["samples"]).max() <= limit
    assert outcome.manifest.status == "budget"
    assert first["answers"]["final"].any()
    check_again(first, outcome, lambda: ran(folder, sampler, model, more=more))
