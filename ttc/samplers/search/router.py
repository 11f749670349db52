"""A small router: is the target's step better than a draft's? Told from the draft's alone.

The paper (Arbitrage, arXiv 2512.05033) trains a reward model's network for this. Ours is a logistic
regression of what every backend tells: rewards, tokens, places. It is trained on the steps of which
an oracle run has both.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from ttc.analysis.estimate import FloatArray, IntArray
from ttc.analysis.logistic import logistic_fit
from ttc.errors import UsageError

Feature = Literal["reward", "change", "tokens", "step", "ends"]
FEATURES: tuple[Feature, ...] = ("reward", "change", "tokens", "step", "ends")


def features_of(
    reward: float, before: float | None, tokens: int, step: int, ends: bool
) -> dict[Feature, float]:
    """What a router sees of a draft's step. reward: its score; before: that of the step before,
    None for the first; tokens: its length; step: its place, from 0; ends: whether it is the last.
    """
    change = 0.0 if before is None else reward - before
    values = (reward, change, math.log1p(tokens), float(step), float(ends))
    return dict(zip(FEATURES, values, strict=True))


class Router(BaseModel):
    """P(the target's step is better) = 1 / (1 + exp(-intercept - sum of weight x feature))."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    intercept: float = 0.0
    weights: dict[Feature, float]

    def probability(self, features: Mapping[Feature, float]) -> float:
        """From 0 to 1, for the features of a step."""
        odds = self.intercept + math.fsum(w * features[name] for name, w in self.weights.items())
        return 1 / (1 + math.exp(-max(-500.0, min(500.0, odds))))

    def text(self) -> str:
        """What its file holds, JSON."""
        return json.dumps(self.model_dump(), indent=2) + "\n"


def read_router(given: Any) -> Any:
    """The content of a file of weights, where `given` names one. Raises `ValueError`."""
    if not isinstance(given, str):
        return given
    try:
        return Router.model_validate_json(Path(given).read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(
            f"{given[:200]}: no file of ttc train-router: {place}: {first['msg']}"
        ) from None
    except (OSError, ValueError):
        raise ValueError(f"no file {given[:200]!r}; ttc train-router writes one") from None


@dataclass(frozen=True)
class Recorded:
    """Steps of which draft and target are known. features: (steps, features); advantage: (steps,)
    reward of the target's less that of the draft's; problem: (steps,) number of the problem.
    """

    features: FloatArray
    advantage: FloatArray
    problem: IntArray

    def __len__(self) -> int:
        return len(self.advantage)

    def of(self, rows: Any) -> Recorded:
        """Some of them."""
        return Recorded(self.features[rows], self.advantage[rows], self.problem[rows])


@dataclass(frozen=True)
class Trained:
    """A router and how it does on problems that it was not trained on.

    steps: that it was trained on, balanced; held: steps on other problems; better: share of these
    on which the target's step is better; spearman: rank correlation of probability and advantage
    there, NaN where it can't be told.
    """

    router: Router
    steps: int
    held: int
    better: float
    spearman: float


def train(steps: Recorded, rng: np.random.Generator, share: float, threshold: float) -> Trained:
    """Train on a share of the problems, judge on the others. threshold: the advantage above which
    the target's step counts as better; of the more frequent kind so many are left out that both
    are as many. Raises `UsageError` where there is too little to learn from.
    """
    problems = rng.permutation(np.unique(steps.problem))
    learnt = np.isin(steps.problem, problems[: max(1, round(share * len(problems)))])
    known, held = steps.of(learnt), steps.of(~learnt)
    better = known.advantage > threshold
    fewer = int(min(better.sum(), (~better).sum()))
    if not fewer or not len(held):
        raise UsageError(
            "too few steps to learn from: both kinds are needed, target better and not, and other "
            "problems to judge it by; run more problems"
        )
    rows = [rng.choice(np.flatnonzero(kind), fewer, replace=False) for kind in (better, ~better)]
    balanced = np.sort(np.concatenate(rows))
    router = _fit(known.features[balanced], better[balanced])
    told = [router.probability(dict(zip(FEATURES, row, strict=True))) for row in held.features]
    return Trained(
        router,
        steps=len(balanced),
        held=len(held),
        better=float((held.advantage > threshold).mean()),
        spearman=spearman(np.array(told), held.advantage),
    )


def spearman(one: FloatArray, other: FloatArray) -> float:
    """Rank correlation, with mean ranks for ties; NaN where one of them is constant."""
    from scipy.stats import rankdata

    ranks = np.array([rankdata(values) for values in (one, other)])
    if np.ptp(ranks, axis=1).min() == 0:
        return math.nan
    return float(np.corrcoef(ranks)[0, 1])


def _fit(features: FloatArray, better: Any) -> Router:
    """On features of mean 0 and deviation 1, told as weights of the features themselves."""
    mean, spread = features.mean(axis=0), features.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    weights, intercept = logistic_fit((features - mean) / scale, better, np.ones(len(features)))
    own = weights / scale
    return Router(
        intercept=float(intercept - own @ mean),
        weights={name: float(w) for name, w in zip(FEATURES, own, strict=True)},
    )
