"""A sampler on the embedded networks: within budgets, and again from the journal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from ttc.pipeline.run import Outcome, run_recipe
from ttc.recipe import parse_recipe
from ttc.store.tables import read_frame

TABLES = ("solutions", "samples", "answers")
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


def run_on_nano(folder: Path, sampler: dict[str, Any], **more: Any) -> Outcome:
    """A run on a few problems. more: sections of the recipe."""
    recipe = {
        "name": "tried",
        "dataset": {"type": "nano", "family": "arithmetic", "levels": [2, 3], "problems": 4},
        "backend": {"type": "nano", "model": "nano-solver"},
        "sampler": sampler,
        "policies": ["first"],
        "results": str(folder),
    }
    return run_recipe(parse_recipe(yaml.safe_dump({**recipe, **more})))


def tables(outcome: Outcome) -> dict[str, pd.DataFrame]:
    """All but what a clock said."""
    return {
        name: read_frame(outcome.run.table(name), name).drop(columns=TIMES, errors="ignore")
        for name in TABLES
    }


def check_budgets_and_replay(folder: Path, sampler: dict[str, Any], *limits: int) -> None:
    """limits: tokens for a problem. None is passed, what there is is answered with, and a second
    run, which has the journal only, leaves the same tables.
    """
    for limit in limits:
        place, more = folder / str(limit), {"budget": {"per_problem": {"tokens": limit}}}
        first = run_on_nano(place, sampler, **more)
        left = tables(first)
        used = left["samples"].assign(
            tokens=left["samples"]["prompt_tokens"]
            - left["samples"]["cached_tokens"]
            + left["samples"]["completion_tokens"]
        )
        by_problem = used.groupby("problem_id", observed=True)["tokens"].sum()
        assert (by_problem <= limit).all()
        drawn = used[used["role"] == "solver"]["problem_id"].nunique()
        final = left["answers"][left["answers"]["final"]]
        assert final["problem_id"].nunique() == drawn, "whoever has drawn anything has an answer"
        first.run.manifest_path.unlink()
        again = run_on_nano(place, sampler, **more)
        for name, table in tables(again).items():
            pd.testing.assert_frame_equal(table, left[name])
