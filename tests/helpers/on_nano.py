"""A sampler on the embedded networks: within budgets, and again from the journal."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from ttc.pipeline.run import Outcome, run_recipe
from ttc.recipe import parse_recipe
from ttc.store.tables import read_frame

TABLES = ("solutions", "verifications", "samples", "answers")
TIMES = ["seconds", "latency"]
STEPS = {
    "prm": {"type": "nano", "model": "nano-prm"},
    "prm_prompt": "nano-solver",
    "temperature": 1.0,
    "steps": "line",
    "most_steps": 6,
    "step_tokens": 16,
}
"""How a step sampler goes about problems of the embedded models."""


def run_on_nano(folder: Path, sampler: dict[str, Any], problems: int = 4, **more: Any) -> Outcome:
    """A run on a few problems. more: sections of the recipe."""
    recipe = {
        "name": "tried",
        "dataset": {"type": "nano", "family": "arithmetic", "levels": [2, 3], "problems": problems},
        "backend": {"type": "nano", "model": "nano-solver"},
        "sampler": sampler,
        "policies": ["first"],
        "results": str(folder),
    }
    return run_recipe(parse_recipe(yaml.safe_dump({**recipe, **more})))


def tables(outcome: Outcome) -> dict[str, pd.DataFrame]:
    """What a run left, without times."""
    return {
        name: read_frame(path, name).drop(columns=TIMES, errors="ignore")
        for name in TABLES
        if (path := outcome.run.table(name)).is_file()
    }


def used(samples: pd.DataFrame) -> pd.Series[Any]:
    """Tokens by problem."""
    tokens = samples["prompt_tokens"] - samples["cached_tokens"] + samples["completion_tokens"]
    return tokens.groupby(samples["problem_id"], observed=True).sum()


def check_again(
    first: dict[str, pd.DataFrame], outcome: Outcome, again: Callable[[], Outcome]
) -> None:
    """A run folder that has lost its tables gets the same ones from the journal."""
    for path in outcome.run.path.glob("*.parquet"):
        path.unlink()
    found = tables(again())
    assert first.keys() == found.keys()
    for name, table in first.items():
        pd.testing.assert_frame_equal(table, found[name])


def check_budgets_and_replay(folder: Path, sampler: dict[str, Any], *limits: int) -> None:
    """limits: tokens for a problem. None is passed, what there is is answered with, and a second
    run, which has the journal only, leaves the same tables.
    """
    for limit in limits:
        place, more = folder / str(limit), {"budget": {"per_problem": {"tokens": limit}}}
        first = run_on_nano(place, sampler, **more)
        left = tables(first)
        assert (used(left["samples"]) <= limit).all()
        drawn = left["samples"][left["samples"]["role"] == "solver"]["problem_id"].nunique()
        final = left["answers"][left["answers"]["final"]]
        assert final["problem_id"].nunique() == drawn, "whoever has drawn anything has an answer"
        first.run.manifest_path.unlink()
        check_again(left, first, partial(run_on_nano, place, sampler, **more))


def check_replay_within(folder: Path, sampler: dict[str, Any], limit: int) -> None:
    """A limit of tokens that binds is not passed, all that drew have an answer, and a run folder
    that has lost its tables gets the same ones from the journal.
    """
    run = partial(run_on_nano, folder, sampler, 3, budget={"per_problem": {"tokens": limit}})
    outcome = run()
    first = tables(outcome)
    assert used(first["samples"]).max() <= limit
    assert outcome.manifest.status == "budget"
    answered = first["answers"][first["answers"]["final"]]["problem_id"]
    assert set(answered) == set(first["samples"]["problem_id"])
    check_again(first, outcome, run)
