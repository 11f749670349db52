"""From a finished run of the oracle rule of `speculate` to a router (arXiv 2512.05033)."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from ttc.errors import UsageError
from ttc.samplers.search.router import FEATURES, Feature, Recorded, Trained, features_of, train
from ttc.store.run_folder import RunFolder
from ttc.store.tables import read_frame

_KEY = ["problem_id", "repeat", "branch"]
_COLUMNS = [
    *_KEY,
    "number",
    "role",
    "after",
    "completion_tokens",
    "finish_reason",
    "stopped_by",
    "score",
    "verifier",
]


def train_router(
    run: RunFolder, *, share: float = 0.5, threshold: float = 0.0, seed: int = 0
) -> Trained:
    """Train on the steps that a run recorded; see `ttc.samplers.search.router.train`. Raises
    `UsageError` where the run has no steps that draft and target both wrote, or too few.
    """
    steps = recorded(run)
    if not len(steps):
        raise UsageError(
            f"{run.name} has no steps that a draft and the target both wrote; run the sampler "
            "speculate with rule: oracle, as the recipe samplers/speculate_oracle does"
        )
    return train(steps, np.random.default_rng(seed), share, threshold)


def recorded(run: RunFolder) -> Recorded:
    """The steps of which a run has draft, target, and the scores of both.

    Of each, the table `samples` has what it goes on from; its score is that of the reading that
    goes on from it. Steps whose score failed are left out.
    """
    rows = read_frame(run.table("samples"), "samples", _COLUMNS)
    rows = rows[rows["verifier"].isna()].astype({"problem_id": str, "branch": str, "role": str})
    rewards = rows[(rows["role"] == "reward") & rows["score"].notna()]
    found: list[tuple[Mapping[Feature, float], float, str]] = []
    scored = dict(rewards.set_index(["problem_id", "repeat", "after"])["score"].items())
    # Numbers are an attempt's own, so one attempt is read at a time.
    for (problem, repeat), own in rows.groupby(["problem_id", "repeat"], sort=False):
        score = {n: scored.get((problem, repeat, n)) for n in own["number"]}
        own = own.assign(above=own["after"].fillna(-1).astype(int))
        above = dict(zip(own["number"], own["above"], strict=True))
        for draft, target in _pairs(own):
            before = score.get(draft["above"])
            reward, other = score[draft["number"]], score[target["number"]]
            if reward is None or other is None or (before is None and draft["above"] >= 0):
                continue
            ends = draft["finish_reason"] != "stop" or draft["stopped_by"] == ""
            step = _depth(above, draft["above"])
            seen = features_of(reward, before, int(draft["completion_tokens"]), step, ends)
            found.append((seen, other - reward, str(problem)))
    places = {name: i for i, name in enumerate(dict.fromkeys(name for *_, name in found))}
    return Recorded(
        np.array([[x[name] for name in FEATURES] for x, *_ in found]).reshape(-1, len(FEATURES)),
        np.array([gap for _, gap, _ in found]),
        np.array([places[name] for *_, name in found], dtype=np.int64),
    )


def _pairs(rows: pd.DataFrame) -> list[tuple[Mapping[Hashable, Any], Mapping[Hashable, Any]]]:
    """Draft and target of one request: a draft's sample, and the target's next to it."""
    return [
        (one, other)
        for one, other in pairwise(rows.sort_values("number").to_dict("records"))
        if (one["role"], other["role"]) == ("draft", "solver") and one["above"] == other["above"]
    ]


def _depth(above: dict[int, int], place: int) -> int:
    """How many samples stand above a step."""
    depth = 0
    while place >= 0:
        depth, place = depth + 1, above[place]
    return depth
