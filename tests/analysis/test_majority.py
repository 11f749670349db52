from fractions import Fraction
from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttc.analysis.contour import binomial, binomial_tails, circle, tie_points
from ttc.analysis.errors import GridError
from ttc.analysis.estimate import Estimate, Method
from ttc.analysis.majority import fill_cell, maj_at_k, sample_win
from ttc.analysis.majority_exact import plan, win_probability


def plurality(votes, right):
    """Share of the win that goes to `right` in one draw."""
    valid = [v for v in votes if v >= 0]
    counts = {v: valid.count(v) for v in valid}
    if right not in counts or counts[right] < max(counts.values()):
        return 0.0
    return 1 / sum(c == counts[right] for c in counts.values())


def by_enumeration(classes, right, k):
    subsets = list(combinations(classes, k))
    return sum(plurality(subset, right) for subset in subsets) / len(subsets)


def of_class(classes, right):
    """(1, N) labels where one class is right."""
    row = np.array([classes])
    return (row == right) & (row >= 0)


def exact(right, others, invalid, k):
    task = plan(right, np.asarray(others, dtype=np.int64), invalid, k)
    return task if isinstance(task, float) else win_probability(task)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(-1, 4), min_size=1, max_size=9), st.integers(-1, 4))
def test_majority_is_the_mean_over_all_subsets(classes, right):
    k = list(range(1, len(classes) + 1))
    rng = np.random.default_rng(0)
    got = maj_at_k(np.array([classes]), of_class(classes, right), k, rng)
    expected = [by_enumeration(classes, right, size) for size in k]
    np.testing.assert_allclose(got.value[0], expected, atol=1e-12)
    assert (got.method == Method.EXACT).all()
    assert (got.standard_error == 0).all()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=8), st.integers(0, 20), st.data())
def test_some_class_wins_unless_all_answers_are_invalid(counts, invalid, data):
    total = sum(counts) + invalid
    k = data.draw(st.integers(1, total))
    wins = [exact(c, counts[:i] + counts[i + 1 :], invalid, k) for i, c in enumerate(counts)]
    nobody = comb(invalid, k) / comb(total, k)
    assert sum(wins) + nobody == pytest.approx(1.0, abs=1e-12)
    assert exact(counts[0], counts[1:], invalid, 1) == pytest.approx(counts[0] / total)
    top = max(counts)
    share = 1 / counts.count(top) if counts[0] == top else 0.0
    assert exact(counts[0], counts[1:], invalid, total) == pytest.approx(share)


def rational(right, rival, invalid, k):
    """Two classes and invalid answers, in integers."""
    wins = Fraction(0)
    for t in range(max(1, k - rival - invalid), min(right, k) + 1):
        row = sum(
            comb(rival, j) * comb(invalid, k - t - j)
            for j in range(max(0, k - t - invalid), min(t, rival + 1, k - t + 1))
        )
        tie = comb(rival, t) * comb(invalid, k - 2 * t) if k >= 2 * t else 0
        wins += comb(right, t) * (row + Fraction(tie, 2))
    return float(wins / comb(right + rival + invalid, k))


@pytest.mark.parametrize(
    ("right", "rival", "invalid", "k"),
    [
        (8100, 8284, 0, 2048),
        (8100, 8284, 0, 16000),
        (40, 16344, 0, 64),
        (4000, 4050, 8334, 256),
        (300, 290, 15794, 512),
    ],
)
def test_large_pools_agree_with_rational_arithmetic(right, rival, invalid, k):
    assert right + rival + invalid == 16384
    assert exact(right, [rival], invalid, k) == pytest.approx(
        rational(right, rival, invalid, k), abs=1e-11
    )


@pytest.mark.parametrize("k", [8, 64, 256, 1024, 4096])
def test_probabilities_of_hundreds_of_classes_add_up_at_sixteen_thousand(k):
    weights = np.arange(1, 201) ** -0.3
    counts = np.floor(16000 * weights / weights.sum()).astype(int)
    invalid = 16384 - counts.sum()
    sizes, powers = np.unique(counts, return_counts=True)
    wins = 0.0
    for size, power in zip(sizes, powers, strict=True):
        others = np.delete(counts, np.flatnonzero(counts == size)[0])
        wins += power * exact(int(size), others, int(invalid), k)
    assert wins == pytest.approx(1.0, abs=1e-10)


def test_singletons_only_share_the_win_equally():
    got = exact(1, np.ones(499), 0, 100)
    assert got == pytest.approx(1 / 500, abs=1e-13)


def test_monte_carlo_replaces_cells_that_cost_too_much():
    others, rng = np.array([30, 25, 20, 5, 1, 1]), np.random.default_rng(7)
    out = Estimate.unavailable((1,))
    fill_cell(out, (0,), np.array([33]), others, 4, 40, rng, max_cost=0, draws=20000)
    assert out.method[0] == Method.MONTE_CARLO
    assert abs(out.value[0] - exact(33, others, 4, 40)) < 4 * out.standard_error[0]
    value, error = sample_win(np.array([33]), others, 4, 40, 20000, np.random.default_rng(8))
    assert 0 < error < 0.005
    assert abs(value - out.value[0]) < 6 * error


def test_ragged_problems_and_bad_sizes():
    classes = np.array([[0, 0, 1, -2], [0, 1, 1, -1]])
    got = maj_at_k(classes, classes == 0, [3, 4], np.random.default_rng(0))
    np.testing.assert_allclose(got.value, [[1.0, np.nan], [0.25, 0.0]])
    assert got.method[0, 1] == Method.UNAVAILABLE
    with pytest.raises(GridError, match="5 solutions were requested"):
        maj_at_k(classes, classes == 0, [5], np.random.default_rng(0))


def test_binomial_probabilities_against_integers():
    n, p = 16384, 0.125
    start, mass = binomial(n, p)
    for j in (start + 5, 2000, 2048, 2100):
        expected = float(Fraction(comb(n, j) * 7 ** (n - j), 8**n))
        assert mass[j - start] == pytest.approx(expected, rel=1e-10)
    fewer, equal, more = binomial_tails(5, 0.5, 0, 8)
    np.testing.assert_allclose(equal, [1 / 32, 5 / 32, 10 / 32, 10 / 32, 5 / 32, 1 / 32, 0, 0])
    np.testing.assert_allclose(fewer + equal + more, 1.0)
    np.testing.assert_allclose(fewer[:2], [0, 1 / 32])


def test_circle_reads_off_the_wanted_coefficient():
    for n, k in [(5, 2), (16, 15), (300, 40), (16384, 4096)]:
        ring = circle(n, k)
        p = ring.probability
        values = (1 - p + p * ring.z) ** n
        assert float(np.real(ring.weight @ values)) == pytest.approx(1.0, abs=1e-10)


def test_tie_points_never_exceed_what_is_exact():
    limit = np.arange(0, 200.0)
    points = tie_points(np.ones(200), limit / 4, limit)
    assert (points >= 1).all()
    assert (points <= np.maximum(np.ceil((limit + 1) / 2), 1)).all()
