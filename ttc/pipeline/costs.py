"""Mean costs of one solution and one verification of a run, in every unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ttc.analysis.estimate import FloatArray
from ttc.budget.cost import CostConfig, Rates
from ttc.budget.flops import Lengths
from ttc.core import ModelIdentity
from ttc.store.manifest import Manifest, Model
from ttc.store.mean_use import MeanUse
from ttc.store.pool import LoadedPool

Costs = Mapping[str, float]
"""By unit: prompt_tokens, completion_tokens, tokens, flops, usd, calls, seconds; NaN if unknown."""

COST_UNITS = ("prompt_tokens", "completion_tokens", "tokens", "flops", "usd", "calls", "seconds")


@dataclass(frozen=True)
class UnitCosts:
    """Mean costs over the problems of a pool.

    solution, verification: of each sample. per_problem: paid once for each problem, and
    per_verified once for each verified solution: the prompts that their samples share, where the
    cost model counts those once. Empty where there is nothing of the kind. A run's ledger may show
    less, since solutions with one and the same text share a verification prompt there; how many of
    S drawn solutions do, no mean can tell.
    """

    solution: Costs
    verification: Costs
    ratio: float
    """lambda: sampled tokens of one verification over those of one solution; NaN if unknown."""
    per_problem: Costs = field(default_factory=dict)
    per_verified: Costs = field(default_factory=dict)

    def cell(self, s: float, v: float) -> dict[str, float]:
        """Mean cost of S solutions with V verifications each, for one problem."""
        return {
            unit: self.per_problem.get(unit, 0.0)
            + s * self.solution[unit]
            + (s * self.per_verified.get(unit, 0.0) if v else 0.0)
            + (s * v * self.verification.get(unit, 0.0) if v else 0.0)
            for unit in self.solution
        }

    def compute(self, s: float, v: float) -> float:
        """C = S (1 + lambda V), in solutions."""
        return s * (1.0 + self.ratio * v) if v else float(s)


def unit_costs(loaded: LoadedPool, cost: CostConfig, manifest: Manifest) -> UnitCosts:
    """Mean costs of one solution and one verification, by the conventions of `cost`; what a method
    used besides (`LoadedPool.discarded`), as the run has counted it, is a cost of its solutions.

    Means are over problems, of means over a problem's samples. lambda is measured over problems
    that have verifications, so that both of its lengths are of the same problems.
    """
    once, each = _parts(loaded.solutions, cost, manifest, "solver")
    for unit, amounts in loaded.discarded.items():
        each[unit] += float(np.mean(amounts))
    if loaded.verifier is None:
        return UnitCosts(each, {}, 0.0, once)
    judged_once, judged = _judged(loaded, cost, manifest, loaded.verifier)
    ratio = measured_ratio(loaded) if cost.ratio == "measured" else float(cost.ratio)
    return UnitCosts(each, judged, ratio, once, judged_once)


def _judged(
    loaded: LoadedPool, cost: CostConfig, manifest: Manifest, verifier: str
) -> tuple[dict[str, float], dict[str, float]]:
    """What is paid once for a verified solution, and for each verification of it.

    Of a method whose verifications are made of other samples, several or none, these are what it
    cost (`ttc.store.judging_use`); and comparisons have prompts of their own.
    """
    if loaded.judging:
        use = loaded.judging
        once, each = (
            {unit: _known_mean(of) for unit, of in one.items()} for one in (use.once, use.each)
        )
        return once, each
    once, each = _parts(loaded.verifications, cost, manifest, verifier)
    if loaded.arrays.pairs is not None:
        return {}, {unit: amount + once.get(unit, 0.0) for unit, amount in each.items()}
    return once, each


def problem_costs(loaded: LoadedPool, cost: CostConfig, manifest: Manifest) -> list[UnitCosts]:
    """The same for each problem alone: who stops early does so on the easy ones.

    That so many solutions cost so many times one's mean holds on average (Wald's identity).
    """
    problems = range(loaded.arrays.n_problems)
    return [unit_costs(loaded.alone(i), cost, manifest) for i in problems]


def measured_ratio(loaded: LoadedPool) -> float:
    """Lambda as measured; NaN where solutions, or verifications, have no tokens to measure by."""
    both = loaded.arrays.n_verified > 0
    solved = _mean(loaded.solutions.completion_tokens[both])
    judged = _mean(loaded.verifications.completion_tokens[both])
    return judged / solved if solved > 0 and judged > 0 else float("nan")


def _parts(
    use: MeanUse, cost: CostConfig, manifest: Manifest, role: str
) -> tuple[dict[str, float], dict[str, float]]:
    """What is paid once for all samples of a prompt, and what for each of them."""
    lengths = Lengths(
        _mean(use.prompt_tokens),
        _mean(use.prompt_squared),
        _mean(use.completion_tokens),
        _mean(use.completion_squared),
        _mean(use.prompt_times_completion),
    )
    once, each = shared_and_own(role_rates(cost, manifest, role), lengths, cost)
    # Data from elsewhere brings no times; a call that took none at all was not timed.
    seconds = _mean(use.seconds)
    each["seconds"] = seconds if seconds > 0 else float("nan")
    return once, each


def shared_and_own(
    rates: Rates, lengths: Lengths, cost: CostConfig
) -> tuple[dict[str, float], dict[str, float]]:
    """Amounts by unit of one prompt that samples share, and of each of these samples.

    lengths: means of one sample. The first is empty where prompts are counted for every sample.
    """
    alone = replace(lengths, completion=0.0, completion_squared=0.0, prompt_times_completion=0.0)
    prefill = _amounts(rates, alone, 0.0)
    decode = _amounts(rates, replace(lengths, prefill=0.0, prefill_squared=0.0), 1.0)
    if cost.shared_prompt == "once":
        return prefill, decode
    return {}, {unit: prefill[unit] + decode[unit] for unit in decode}


def role_rates(cost: CostConfig, manifest: Manifest, role: str) -> Rates:
    """The rates of the model that had a role in the run."""
    stored = manifest.models.get(role) or Model(backend="unknown", model="unknown")
    return cost.rates(
        ModelIdentity(stored.backend, stored.model, stored.endpoint, stored.revision, stored.facts)
    )


def _amounts(rates: Rates, lengths: Lengths, calls: float) -> dict[str, float]:
    found = rates.of_lengths(lengths, calls)
    nothing = float("nan")
    return {
        "prompt_tokens": lengths.prefill,
        "completion_tokens": lengths.completion,
        "tokens": found["tokens"],
        "flops": nothing if rates.missing("flops") else found["flops"],
        "usd": nothing if rates.missing("usd") else found["usd"],
        "calls": calls,
        "seconds": 0.0,
    }


def _known_mean(values: FloatArray) -> float:
    """Mean over problems that have the figure; NaN where none has."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def _mean(values: Any) -> float:
    """Mean over problems that have the figure; 0 where none has."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else 0.0
