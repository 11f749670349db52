"""A sampler on the embedded networks: a few problems, within a budget, and once more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from ttc.pipeline.run import Outcome, run_recipe
from ttc.recipe import parse_recipe
from ttc.store.tables import read_frame

RECIPE = """
name: sampled
dataset: {{type: nano, family: arithmetic, levels: [2, 3], problems: {problems}}}
backend: {{type: nano, model: {model}}}
sampler: {sampler}
policies: [first]
results: {folder}
"""
TIMES = ["seconds", "latency"]


def ran(
    folder: Path, sampler: str, model: str = "nano-solver", problems: int = 3, more: str = ""
) -> Outcome:
    """Run a recipe with a sampler, given as YAML."""
    text = RECIPE.format(sampler=sampler, model=model, problems=problems, folder=folder)
    return run_recipe(parse_recipe(text + more))


def tables(outcome: Outcome) -> dict[str, pd.DataFrame]:
    """What a run left, without times."""
    names = ("solutions", "verifications", "samples", "answers")
    paths = {name: outcome.run.table(name) for name in names}
    return {
        name: read_frame(path, name).drop(columns=TIMES, errors="ignore")
        for name, path in paths.items()
        if path.is_file()
    }


def used(samples: pd.DataFrame) -> pd.Series[Any]:
    """Tokens by problem."""
    tokens = samples["prompt_tokens"] - samples["cached_tokens"] + samples["completion_tokens"]
    return tokens.groupby(samples["problem_id"], observed=True).sum()


def check_budget(folder: Path, sampler: str, limit: int, model: str = "nano-solver") -> None:
    """It uses most of a budget that binds and never passes it; a rerun from the journal, in a run
    folder without tables, gives the same ones.
    """
    more = f"budget: {{per_problem: {{tokens: {limit}}}}}\n"
    first = tables(outcome := ran(folder, sampler, model, more=more))
    assert used(first["samples"]).max() <= limit
    assert outcome.manifest.status == "budget"
    assert first["answers"]["final"].any()
    for path in outcome.run.path.glob("*.parquet"):
        path.unlink()
    again = tables(ran(folder, sampler, model, more=more))
    assert first.keys() == again.keys()
    for name, table in first.items():
        pd.testing.assert_frame_equal(table, again[name])
