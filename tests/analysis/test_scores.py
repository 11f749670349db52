"""What tells scores apart: a sure judge's log-odds do, the round-off of a mean does not."""

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from ttc.analysis import verified
from ttc.analysis.drawn import Drawn
from ttc.analysis.estimate import Method
from ttc.analysis.scores import as_decimals, first_mean
from ttc.core import Solution, Verification
from ttc.policies import PolicyPart, named
from ttc.policies.pessimistic import Pessimistic

SURE, LESS = 1 - 1e-9, 1 - 2e-8
decimals = st.integers(0, 10**6).map(lambda n: n / 10**6)
log_odds = st.integers(-60, 30)


def estimate(name, classes, scores, s, v):
    rng = np.random.default_rng(1)
    function = getattr(verified, name)
    right = [[one == 0 for one in classes]]
    found = function([classes], right, [scores], [s], [v], rng)
    assert found.method[0, 0, 0] == Method.EXACT
    return float(found.value[0, 0, 0])


def live(policy: PolicyPart, classes, scores):
    """Share of right answers over all orders in which the solutions may come."""

    def choice(order):
        first = list(dict.fromkeys(classes[i] for i in order if classes[i] >= 0))
        drawn = Drawn.of(
            [_solution(k) for k in range(len(order))],
            np.array([first.index(classes[i]) if classes[i] >= 0 else -1 for i in order]),
            [_verdict(k, j, one) for k, i in enumerate(order) for j, one in enumerate(scores[i])],
        )
        picked = policy.choose(drawn)
        return picked >= 0 and first[picked] == 0

    orders = list(permutations(range(len(classes))))
    return sum(map(choice, orders)) / len(orders)


def _solution(index):
    return Solution("p", index, "text", None, 1, 1, "stop")


def _verdict(solution, index, score):
    known = None if np.isnan(score) else float(score)
    return Verification("p", solution, index, "judge", "", None, None, known, 1, 1, "stop")


@pytest.mark.parametrize("scores", [(SURE, LESS), (2e-20, 1e-20), (1 - 1e-15, 1 - 2e-15)])
@pytest.mark.parametrize("name", ["best_of_n", "pessimistic", "weighted_majority"])
def test_scores_that_differ_in_log_odds_do_not_tie(scores, name):
    """In single precision all of these pairs are one number; sums of scores keep twelve digits."""
    rows = [[score] for score in scores]
    told_apart = name == "best_of_n" or scores == (SURE, LESS)
    assert estimate(name, [0, 1], rows, 2, 1) == (1.0 if told_apart else 0.5)
    assert live(named(name), [0, 1], rows) == (1.0 if told_apart else 0.5)


@given(st.lists(log_odds, min_size=2, max_size=5, unique=True), st.integers(0, 4), st.data())
def test_best_of_n_ranks_as_log_odds_do(odds, right, data):
    """Whatever the scale, the solution of largest log-odds wins, alone or judged twice alike."""
    times = data.draw(st.sampled_from([1, 2, 3]))
    right %= len(odds)
    classes = [0 if i == right else i + 1 for i in range(len(odds))]
    rows = [[float(expit(o))] * times for o in odds]
    wins = odds[right] == max(odds)
    assert estimate("best_of_n", classes, rows, len(odds), times) == wins
    assert live(named("best_of_n"), classes, rows) == wins


@given(st.lists(st.lists(decimals, min_size=1, max_size=6), min_size=2, max_size=4))
def test_means_tie_where_they_are_equal_and_only_there(rows):
    """Against fractions: round-off neither breaks a tie of decimals nor makes one."""
    exact = [sum(Fraction(round(x * 10**6)) for x in row) / len(row) for row in rows]
    depth = max(map(len, rows))
    table = np.array([row + [np.nan] * (depth - len(row)) for row in rows])
    means = first_mean(table, depth)
    for single in (means, first_mean(as_decimals(table.astype(np.float32)), depth)):
        for i, one in enumerate(exact):
            for j, other in enumerate(exact):
                assert (single[i] == single[j]) == (one == other)
                assert (single[i] < single[j]) == (one < other)


@given(
    st.lists(
        st.tuples(
            st.integers(-1, 2), st.lists(st.sampled_from([0.0, 0.1, 0.2, 0.3, 1 - 1e-9, 1.0]))
        ),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from(["best_of_n", "weighted_majority", "pessimistic"]),
)
def test_live_equals_offline(pool, name):
    """All verifications of all solutions: the estimate is the mean of the live choice over orders.

    Each solution has the same number of verifications: the live penalty counts those that are
    there, the estimate S V. In best-of-N ties are shared by solutions, live as offline.
    """
    classes = [c for c, _ in pool]
    rows = [(row + [np.nan] * 3)[:3] for _, row in pool]
    policy = named(name)
    found = estimate(name, classes, rows, len(rows), 3)
    answered = [i for i, c in enumerate(classes) if c >= 0]
    if name == "best_of_n" and len(answered) < len(classes):
        return  # an invalid answer scores 0 and may share a tie at 0 offline; live it can't be said
    if name != "best_of_n":
        found_live = _shares(policy, classes, rows)
    else:
        found_live = live(policy, classes, rows)
    assert found == pytest.approx(found_live, abs=1e-12)


def _shares(policy, classes, rows):
    """Votes share ties by class, so classes are numbered in all ways, as estimates do."""
    known = sorted({c for c in classes if c >= 0})
    wins = []
    for numbers in permutations(range(len(known))):
        number = dict(zip(known, numbers, strict=True))
        drawn = Drawn.of(
            [_solution(i) for i in range(len(classes))],
            np.array([number.get(c, -1) for c in classes]),
            [_verdict(i, j, one) for i, row in enumerate(rows) for j, one in enumerate(row)],
        )
        wins.append(policy.choose(drawn) == number.get(0, -2))
    return sum(wins) / len(wins)


def test_sums_of_scores_that_are_equal_tie_live_too():
    """0.1 + 0.2 is no more than 0.3."""
    rows = [[0.1], [0.2], [0.3]]
    assert live(named("weighted_majority"), [0, 0, 1], rows) == pytest.approx(2 / 3)
    assert live(Pessimistic(alpha=0), [0, 0, 1], [[0.1], [0.5], [0.3]]) == pytest.approx(2 / 3)


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=20))
def test_single_precision_keeps_its_order_and_becomes_short(values):
    single = np.array(values, dtype=np.float32)
    found = as_decimals(single.astype(np.float64))
    assert np.array_equal(found.astype(np.float32), single)
    told = [float(np.format_float_positional(x, unique=True, trim="0")) for x in single]
    assert found == pytest.approx(told, rel=1e-14)


def test_scores_of_double_precision_are_left_alone():
    values = np.array([0.5, 1 - 1e-9, np.nan, 1e-310, 0.0, 1.0])
    assert np.array_equal(as_decimals(values), values, equal_nan=True)
