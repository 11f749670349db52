"""Intervals cover what a planted population of problems has, as often as they say, about."""

import numpy as np
import pytest

from ttc.analysis.judging.calibration import bins_of, brier
from ttc.analysis.judging.decisions import rates
from ttc.analysis.judging.dependence import Repeated, effective_number
from ttc.analysis.judging.levels import Levels, auc, average_precision, equal_error_rate
from ttc.analysis.judging.resampling import Resampling

SOLUTIONS, VERDICTS = 8, 4


def population(rng, problems):
    """Problems of unequal solve rates on which a judge is more or less often mistaken."""
    solve, skill = rng.beta(2, 2, problems), rng.beta(8, 3, problems)
    problem = np.repeat(np.arange(problems), SOLUTIONS)
    correct = rng.random(len(problem)) < solve[problem]
    right = rng.random((len(problem), VERDICTS)) < skill[problem][:, None]
    return problem, correct, np.where(right, correct[:, None], ~correct[:, None]).astype(float)


def figures(correct, scores):
    mean = scores.mean(axis=1)
    place, repeated = bins_of(mean, 5, "width"), Repeated.of(scores, correct)

    def told(weights):
        levels = Levels.of(mean, correct, weights)
        found = rates((mean >= 0.5) == correct, correct, weights)
        return np.stack(
            [
                auc(levels),
                average_precision(levels),
                equal_error_rate(levels),
                found.balanced,
                found.f1,
                brier(mean, correct, place, 5, weights).score,
                repeated.correlation(weights),
                effective_number(VERDICTS, repeated.correlation(weights)),
            ],
            axis=-1,
        )

    return told


def test_intervals_cover_the_planted_truth():
    rng = np.random.default_rng(5)
    _, correct, scores = population(rng, 100_000)
    truth = figures(correct, scores)(np.ones(len(correct)))
    inside = np.zeros(len(truth))
    rounds = 120
    for _ in range(rounds):
        problem, correct, scores = population(rng, 40)
        statistic = figures(correct, scores)
        once = statistic(np.ones(len(correct)))
        sampling = Resampling.of(40, 200, rng)
        drawn = sampling.draws(statistic, problem)
        for i, value in enumerate(once):
            ends = sampling.ends(float(value), drawn[:, i])
            inside[i] += ends.low <= truth[i] <= ends.high
    assert (inside / rounds >= 0.88).all(), inside / rounds
    assert (inside / rounds).mean() == pytest.approx(0.95, abs=0.04)


def test_clusters_are_resampled_together():
    sampling = Resampling.of(6, 50, np.random.default_rng(0), clusters=[0, 0, 1, 1, 2, 2])
    assert sampling.units == 3
    drawn = sampling.draws(lambda w: w, np.arange(6))
    assert (drawn[:, ::2] == drawn[:, 1::2]).all()
    assert drawn.mean(axis=1) == pytest.approx(np.ones(50))
