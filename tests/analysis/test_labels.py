"""Whether a vote is right, where several classes are or labels disagree about equal answers."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttc.analysis.errors import PoolError
from ttc.analysis.estimate import Method
from ttc.analysis.grid import evaluate
from ttc.analysis.labels import split_by_label
from ttc.analysis.majority import maj_at_k, sample_win
from ttc.analysis.pool import PoolArrays
from ttc.policies import usual

labelled = st.lists(st.tuples(st.integers(-1, 3), st.booleans()), min_size=1, max_size=8)


def columns(solutions):
    classes, correct = (np.array([column]) for column in zip(*solutions, strict=True))
    return classes, correct


@given(labelled)
def test_a_split_class_is_right_or_wrong_and_equal_answers_stay_together(solutions):
    classes, correct = columns(solutions)
    pure, problems = split_by_label(classes, correct)
    assert problems == (not np.array_equal(pure, classes))
    for a, b in combinations(range(len(solutions)), 2):
        together = pure[0, a] == pure[0, b] >= 0
        same = classes[0, a] == classes[0, b] >= 0 and correct[0, a] == correct[0, b]
        assert together == same
    assert (pure[correct] >= 0).all()
    # Those without an answer have a vote all or none: a vote is no label.
    without = pure[classes == -1]
    assert len({bool(one) for one in without >= 0}) <= 1


@settings(max_examples=80, deadline=None)
@given(labelled)
def test_majority_with_several_right_classes_is_the_mean_over_all_subsets(solutions):
    classes, correct = columns(solutions)
    pure, _ = split_by_label(classes, correct)
    sizes = list(range(1, len(solutions) + 1))
    found = maj_at_k(pure, correct, sizes, np.random.default_rng(0))
    for k, value in zip(sizes, found.value[0], strict=True):
        shares = [
            share(pure[0, list(s)], correct[0, list(s)])
            for s in combinations(range(len(solutions)), k)
        ]
        assert value == pytest.approx(np.mean(shares), abs=1e-12)
    assert (found.method == Method.EXACT).all()


def share(classes, correct):
    """What right classes get of the win, ties shared."""
    votes = {c: np.count_nonzero(classes == c) for c in classes.tolist() if c >= 0}
    best = [c for c, n in votes.items() if n == max(votes.values())]
    return sum(bool(correct[classes == c][0]) for c in best) / max(len(best), 1)


def test_monte_carlo_agrees_with_several_right_classes():
    classes = np.repeat(np.arange(6), [9, 7, 7, 5, 3, 3])[None]
    correct = np.isin(classes, [1, 2, 4])
    exact = maj_at_k(classes, correct, [12], np.random.default_rng(0)).value[0, 0]
    right, others = np.array([7, 7, 3]), np.array([9, 5, 3])
    value, error = sample_win(right, others, 0, 12, 20000, np.random.default_rng(1))
    assert 0 < error < 0.005
    assert abs(value - exact) < 4 * error


POOLS = st.lists(labelled, min_size=1, max_size=3)


@settings(max_examples=40, deadline=None)
@given(POOLS, st.integers(0, 2**31))
def test_one_solution_is_the_accuracy_and_nothing_passes_coverage(problems, seed):
    rng = np.random.default_rng(seed)
    judged = [[rng.integers(0, 2, 2) for _ in problem] for problem in problems]
    pool = PoolArrays.from_ragged(
        [[c for c, _ in problem] for problem in problems],
        correct=[[label for _, label in problem] for problem in problems],
        scores=judged,
    )
    sizes = list(range(1, int(pool.n_solutions.max()) + 1))
    grid = evaluate(pool, sizes, [1, 2], usual(), rng)
    accuracy = np.array([np.mean([label for _, label in problem]) for problem in problems])
    covered = grid.success[:, grid.index("oracle"), :, :1]
    for policy in ("majority", "weighted_majority", "pessimistic", "best_of_n"):
        found = grid.success[:, grid.index(policy)]
        alone = found[:, 0][~np.isnan(found[:, 0])].reshape(len(problems), -1)
        np.testing.assert_allclose(alone, accuracy[:, None] + 0 * alone, atol=1e-12)
        error = grid.standard_error[:, grid.index(policy)]
        with np.errstate(invalid="ignore"):
            assert not (found > covered + 5 * error + 1e-12).any(), policy


def test_a_pool_of_mixed_classes_is_refused_with_the_cure():
    classes, correct = np.array([[0, 0]]), np.array([[True, False]])
    with pytest.raises(PoolError, match="split_by_label"):
        PoolArrays(
            answer_class=classes,
            correct=correct,
            scores=np.zeros((1, 0, 0), np.float32),
            verification_count=np.zeros((1, 0), np.int32),
            solution_tokens=np.ones(1),
            verification_tokens=np.ones(1),
        )
    with pytest.raises(PoolError, match="either correct or correct_class"):
        PoolArrays.from_ragged([[0]])
