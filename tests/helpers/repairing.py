"""Repairs by the embedded network under a budget, and attempts at a function of a test's own."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pandas as pd
from attempts import attempt_of
from writers import Sandbox, Says, Writer

from ttc.core import Problem, Solution
from ttc.pipeline.run import Outcome, run_recipe
from ttc.recipe import load_recipe
from ttc.recipe.shipped import find_recipe
from ttc.samplers import SamplerPart
from ttc.store.tables import read_frame

BROKEN = "def f(x):\n    y = x\n    return x + y"
SQUARE = Problem(
    "square",
    "Square x.",
    "",
    metadata={
        "program": BROKEN,
        "entry_point": "f",
        "tests": [[[3], 9], [[5], 25], [[2], 4], [[-4], 16]],
    },
)


def repaired(
    sampler: SamplerPart,
    says: Says,
    problem: Problem = SQUARE,
    limit: int | None = None,
) -> tuple[list[Solution], list[str], Writer]:
    """The solutions, the texts that it answered with in turn, and the model that was asked."""
    writer = Writer(says, limit)
    attempt = attempt_of(sampler, problem, writer, sandbox=Sandbox())
    found = list(asyncio.run(sampler.solve(attempt)))
    answered = [attempt._record.solutions[a.solution_index].text for a in attempt._record.answers()]
    return found, answered, writer


def tables(outcome: Outcome) -> dict[str, pd.DataFrame]:
    run = outcome.run
    names = ("answers", "samples", "solutions")
    return {name: read_frame(run.table(name), name) for name in names}  # type: ignore[arg-type]


def run_small(folder: Path, recipe: str, *more: str) -> Outcome:
    """A shipped recipe on a few functions."""
    small = [
        f"results={folder}",
        "dataset={type: nano-repair, templates: known, problems: 3}",
        *more,
    ]
    return run_recipe(load_recipe(find_recipe(recipe), small))


def check_budget(folder: Path, recipe: str, limit: int) -> None:
    """It never passes a limit of tokens, and a rerun from the journal gives equal tables."""
    more = f"budget={{per_problem: {{tokens: {limit}}}}}"
    first = run_small(folder, recipe, more)
    left = tables(first)
    samples = left["samples"]
    used = samples["prompt_tokens"] - samples["cached_tokens"] + samples["completion_tokens"]
    by_problem = used.groupby(samples["problem_id"], observed=True).sum()
    assert by_problem.max() <= limit
    assert first.manifest.status == "budget"
    first.run.manifest_path.unlink()
    again = tables(run_small(folder, recipe, more))
    for name, table in left.items():
        pd.testing.assert_frame_equal(table, again[name])
