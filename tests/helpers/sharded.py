"""Recipes to be run whole and in shards, and what must be equal then."""

from __future__ import annotations

import pandas as pd

TABLES = ("problems", "solutions", "verifications", "samples", "answers", "curves")
CLOCK = {"seconds", "latency"}
"""Columns of measured times, the only ones in which two runs may differ."""
GENRM = """{type: genrm, backend: {type: nano, model: nano-verifier}, prompt: nano-genrm,
  verifications: 2, max_tokens: 96}"""
USUAL = f"""
name: shared
dataset: {{type: nano, family: arithmetic, levels: [2, 3, 4], problems: 9}}
backend: {{type: nano, model: nano-solver}}
sampler: {{type: independent, solutions: 4, max_tokens: 64}}
verifiers: [{GENRM}]
policies: [first, majority, best_of_n, oracle]
"""


def frames(folder, clock=False):
    """Tables of a run by name, without measured times."""
    found = {}
    for name in TABLES:
        if folder.table(name).is_file():
            table = pd.read_parquet(folder.table(name))
            found[name] = table if clock else table.drop(columns=CLOCK & {*table.columns})
    return found


def check_same(merged, alone):
    """Row by row, column by column, but for times that were measured."""
    mine, theirs = frames(merged), frames(alone)
    assert mine.keys() == theirs.keys()
    for name in mine:
        pd.testing.assert_frame_equal(mine[name], theirs[name])
