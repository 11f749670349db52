"""Pools in the layout of arXiv 2504.01005's repository, evaluated as its scripts do and by us.

The published estimators, written here anew: self-consistency over 25 random subsets, best-of-k by
the sum over a sorted list, ties by 100 shuffles, weighted votes over 25 subsets; scores are means
of the first V verifications.
"""

from collections import Counter
from math import comb

import numpy as np
import pytest
import yaml

from ttc.answers import AnswerRule
from ttc.importing import Judging
from ttc.pipeline.curve_query import CurveRequest, answer
from ttc.pipeline.importing import import_run

PROBLEMS, SOLUTIONS, VERIFICATIONS = 8, 12, 4
SIZES, DEPTHS = (1, 2, 4, 8), (1, 2, 4)
TRIES = 40


@pytest.fixture(scope="module")
def pool():
    """(problems, solutions) answers, of which 0 is right, and (problems, solutions, V) P(Yes)."""
    rng = np.random.default_rng(3)
    right = rng.beta(1, 1, PROBLEMS)[:, None] > rng.random((PROBLEMS, SOLUTIONS))
    answers = np.where(right, 0, rng.integers(1, 4, right.shape))
    yes = np.round(
        np.clip(0.35 + 0.3 * right[..., None] + rng.normal(0, 0.2, (*right.shape, 4)), 0, 1), 1
    )
    return answers, yes


@pytest.fixture(scope="module")
def curves(pool, tmp_path_factory):
    """Ours, by policy, S and V."""
    answers, yes = pool
    root = tmp_path_factory.mktemp("layout")
    for i in range(PROBLEMS):
        texts = [
            f"Final Answer: The final answer is {7 + a}. I hope it is correct." for a in answers[i]
        ]
        save(
            root / f"samples/{i}.yaml",
            {"question": "q", "prompt": "p", "samples": texts, "gt_answer": "7"},
        )
        for j in range(SOLUTIONS):
            judged = [
                {"verification": "v", "p(yes)": float(y), "p(no)": float(1 - y)} for y in yes[i, j]
            ]
            save(
                root / f"verifications/problem_{i}/solution_{j}.yaml",
                {"prompt": "p", "verifications": judged},
            )
    run = import_run(
        root, root.parent / "run", answers=AnswerRule(equivalence="numeric"), judging=Judging()
    )
    asked = CurveRequest(
        policies=("majority", "best_of_n", "weighted_majority", "oracle"),
        solutions=SIZES,
        verifications=DEPTHS,
        scoring={"verification_draws": "first"},
    )
    return {(row["policy"], row["S"], row["V"]): row for row in answer(run, asked).rows}


def save(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content))


def voted(rng, answers, weights, s):
    """One repeat of 25 subsets of one problem; the first seen of equals wins."""
    wins = 0
    for _ in range(25):
        chosen = rng.permutation(len(answers))[:s]
        totals = Counter()
        for i in chosen:
            totals[answers[i]] += weights[i]
        wins += max(totals, key=totals.get) == 0
    return wins / 25


def best_of(rng, answers, scores, k):
    """The mean over 100 shuffles of the sum over solutions by falling score."""
    n, found = len(answers), []
    for _ in range(100):
        order = rng.permutation(n)
        order = order[np.argsort(-scores[order], kind="stable")]
        right = answers[order] == 0
        found.append(sum(right[i] * comb(n - i - 1, k - 1) for i in range(n - k + 1)) / comb(n, k))
    return np.mean(found)


def agrees(row, tries):
    """Within the noise of the published procedure, and of our own Monte Carlo."""
    noise = np.hypot(np.std(tries) / np.sqrt(len(tries)), row["mc_standard_error"])
    return abs(row["success"] - np.mean(tries)) < 4 * noise + 1e-9


@pytest.mark.parametrize("s", SIZES)
def test_self_consistency(pool, curves, s):
    rng, ones = np.random.default_rng(33), np.ones(SOLUTIONS)
    tries = [np.mean([voted(rng, row, ones, s) for row in pool[0]]) for _ in range(TRIES)]
    assert agrees(curves["majority", s, 0], tries)


@pytest.mark.parametrize("v", DEPTHS)
@pytest.mark.parametrize("s", SIZES)
def test_verified_selection(pool, curves, s, v):
    answers, yes = pool
    rng, scores = np.random.default_rng(33), np.round(yes[..., :v].mean(axis=2), 9)
    pairs = list(zip(answers, scores, strict=True))
    tries = [np.mean([best_of(rng, a, y, s) for a, y in pairs]) for _ in range(4)]
    assert abs(curves["best_of_n", s, v]["success"] - np.mean(tries)) < 0.01
    tries = [np.mean([voted(rng, a, y, s) for a, y in pairs]) for _ in range(TRIES)]
    assert agrees(curves["weighted_majority", s, v], tries)


def test_coverage(pool, curves):
    for s in SIZES:
        missed = [comb(int((row != 0).sum()), s) / comb(SOLUTIONS, s) for row in pool[0]]
        assert curves["oracle", s, 0]["success"] == pytest.approx(1 - np.mean(missed))
