"""A sampler on a few problems of the embedded networks, within a budget, and once more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from ttc.pipeline.run import Outcome, run_recipe
from ttc.recipe import parse_recipe
from ttc.store.tables import read_frame

TABLES = ("solutions", "verifications", "samples", "answers")
TIMES = ["seconds", "latency"]


def nano_run(folder: Path, sampler: dict[str, Any], problems: int = 3, **more: Any) -> Outcome:
    """A run of a sampler. more: sections of its recipe."""
    recipe: dict[str, Any] = {
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


def check_replay_within(folder: Path, sampler: dict[str, Any], limit: int) -> None:
    """A limit of tokens that binds is not passed, all that drew have an answer, and a run folder
    that has lost its tables gets the same ones from the journal.
    """
    budget = {"per_problem": {"tokens": limit}}
    outcome = nano_run(folder, sampler, budget=budget)
    first = tables(outcome)
    samples = first["samples"]
    tokens = samples["prompt_tokens"] - samples["cached_tokens"] + samples["completion_tokens"]
    assert tokens.groupby(samples["problem_id"], observed=True).sum().max() <= limit
    assert outcome.manifest.status == "budget"
    answered = first["answers"][first["answers"]["final"]]["problem_id"]
    assert set(answered) == set(samples["problem_id"])
    for path in outcome.run.path.glob("*.parquet"):
        path.unlink()
    again = tables(nano_run(folder, sampler, budget=budget))
    assert first.keys() == again.keys()
    for name, table in first.items():
        pd.testing.assert_frame_equal(table, again[name])
