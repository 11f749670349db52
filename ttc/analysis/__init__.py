"""Estimators, curves and fits: arrays in, arrays out.

What is named here is the library; `from ttc.analysis import pass_at_k` loads no more than it needs.

- pools as arrays: `PoolArrays`; errors: `PoolError`, `GridError`;
- reliability: `pass_hat_k`, `g_pass_at_k`, `mg_pass_at_k`; one figure: `bayes_at_n`,
  `bayes_of_outcomes`, `coverage_area`;
- one policy: `mean_accuracy`, `pass_at_k`, `maj_at_k`, `best_of_k` (fixed scores), `best_of_n`,
  `weighted_majority`, `pessimistic` (subsets of verifications);
- all policies at all S and V: `evaluate`, `powers_of_two`, `EstimatorSettings`; what comes back:
  `Estimate`, `Method`, `GridResult`;
- intervals over problems: `mean_interval`, `difference_interval`, `bootstrap_interval` with
  `resamples`, `resampled_means` and `percentile_interval`; the paired test:
  `paired_test`; many at once: `holm`, `simultaneous_band`; for the same problems, sampled anew:
  `new_samples_error`, `new_samples_interval`;
- coverage beyond the pool: `fit_coverage`, `coverage_draws`, `held_out_error`,
  `fit_beta_binomial`, `fit_coverage_law`; over shapes of solve rates: `believe`, `plan_samples`;
- residuals of a fit: `split_residuals`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ttc.analysis.best_of import best_of_k
    from ttc.analysis.beta_binomial import BetaBinomial, fit_beta_binomial
    from ttc.analysis.coverage import CoverageFit, coverage_draws, fit_coverage
    from ttc.analysis.coverage_check import HeldOut, held_out_error
    from ttc.analysis.coverage_law import CoverageLaw, fit_coverage_law
    from ttc.analysis.errors import GridError, PoolError
    from ttc.analysis.estimate import Estimate, Method
    from ttc.analysis.extra_samples import SamplePlan, plan_samples
    from ttc.analysis.grid import evaluate, powers_of_two
    from ttc.analysis.intervals import (
        bootstrap_interval,
        difference_interval,
        mean_interval,
        paired_test,
        percentile_interval,
        resampled_means,
        resamples,
    )
    from ttc.analysis.majority import maj_at_k
    from ttc.analysis.many import holm, simultaneous_band
    from ttc.analysis.passk import mean_accuracy, pass_at_k
    from ttc.analysis.pool import PoolArrays
    from ttc.analysis.reliability import (
        Posterior,
        bayes_at_n,
        bayes_of_outcomes,
        coverage_area,
        g_pass_at_k,
        mg_pass_at_k,
        pass_hat_k,
    )
    from ttc.analysis.residuals import SplitResiduals, split_residuals
    from ttc.analysis.result import GridResult
    from ttc.analysis.same_problems import new_samples_error, new_samples_interval
    from ttc.analysis.settings import EstimatorSettings
    from ttc.analysis.solve_rates import CoverageForecast, RateBelief, believe
    from ttc.analysis.verified import best_of_n, pessimistic, weighted_majority

_HOME = {
    "BetaBinomial": "beta_binomial",
    "CoverageFit": "coverage",
    "CoverageForecast": "solve_rates",
    "CoverageLaw": "coverage_law",
    "Estimate": "estimate",
    "EstimatorSettings": "settings",
    "GridError": "errors",
    "GridResult": "result",
    "HeldOut": "coverage_check",
    "Method": "estimate",
    "PoolArrays": "pool",
    "PoolError": "errors",
    "Posterior": "reliability",
    "RateBelief": "solve_rates",
    "SamplePlan": "extra_samples",
    "SplitResiduals": "residuals",
    "bayes_at_n": "reliability",
    "bayes_of_outcomes": "reliability",
    "believe": "solve_rates",
    "best_of_k": "best_of",
    "best_of_n": "verified",
    "bootstrap_interval": "intervals",
    "coverage_area": "reliability",
    "coverage_draws": "coverage",
    "difference_interval": "intervals",
    "evaluate": "grid",
    "fit_beta_binomial": "beta_binomial",
    "fit_coverage": "coverage",
    "fit_coverage_law": "coverage_law",
    "g_pass_at_k": "reliability",
    "held_out_error": "coverage_check",
    "holm": "many",
    "maj_at_k": "majority",
    "mean_accuracy": "passk",
    "mean_interval": "intervals",
    "mg_pass_at_k": "reliability",
    "new_samples_error": "same_problems",
    "new_samples_interval": "same_problems",
    "paired_test": "intervals",
    "pass_at_k": "passk",
    "pass_hat_k": "reliability",
    "percentile_interval": "intervals",
    "pessimistic": "verified",
    "plan_samples": "extra_samples",
    "powers_of_two": "grid",
    "resampled_means": "intervals",
    "resamples": "intervals",
    "simultaneous_band": "many",
    "split_residuals": "residuals",
    "weighted_majority": "verified",
}

__all__ = [
    "BetaBinomial",
    "CoverageFit",
    "CoverageForecast",
    "CoverageLaw",
    "Estimate",
    "EstimatorSettings",
    "GridError",
    "GridResult",
    "HeldOut",
    "Method",
    "PoolArrays",
    "PoolError",
    "Posterior",
    "RateBelief",
    "SamplePlan",
    "SplitResiduals",
    "bayes_at_n",
    "bayes_of_outcomes",
    "believe",
    "best_of_k",
    "best_of_n",
    "bootstrap_interval",
    "coverage_area",
    "coverage_draws",
    "difference_interval",
    "evaluate",
    "fit_beta_binomial",
    "fit_coverage",
    "fit_coverage_law",
    "g_pass_at_k",
    "held_out_error",
    "holm",
    "maj_at_k",
    "mean_accuracy",
    "mean_interval",
    "mg_pass_at_k",
    "new_samples_error",
    "new_samples_interval",
    "paired_test",
    "pass_at_k",
    "pass_hat_k",
    "percentile_interval",
    "pessimistic",
    "plan_samples",
    "powers_of_two",
    "resampled_means",
    "resamples",
    "simultaneous_band",
    "split_residuals",
    "weighted_majority",
]


def __getattr__(name: str) -> object:
    """Load a name's module when it is first asked for, so that the shell starts quickly."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
