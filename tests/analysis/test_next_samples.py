"""Which problems deserve the next samples: gains by enumeration, rules by planted truth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.analysis.next_samples import batches, by_doubt, by_gain, doubt, gains, votes_of

EASY, CONTESTED = (0.9, 0.1, 0.0), (0.55, 0.4, 0.05)
"""Shares of the right answer, of the most frequent wrong one, and of another."""


def test_votes_are_of_leader_runner_up_and_the_rest():
    assert votes_of([2, 0, 2, -1, 1, 0, 2]) == (3, 2, 2)
    assert votes_of([-1, -1]) == (0, 0, 2)
    assert votes_of([]) == (0, 0, 0)


def test_doubt_is_a_half_for_a_tie_and_less_with_every_vote_of_the_lead():
    assert doubt((3, 3, 1)) == pytest.approx(0.5)
    # P(p < 1/2) under Beta(2, 1) and Beta(3, 1), by hand.
    assert doubt((1, 0, 0)) == pytest.approx(1 / 4)
    assert doubt((2, 0, 0)) == pytest.approx(1 / 8)


def enumerated(votes, m):
    """The same gain by walking through all sequences of m samples of a Polya urn."""
    start = np.array(votes, dtype=float) + 1

    def value(urn, left):
        if not left:
            return max(urn[0], urn[1]) / urn.sum()
        after = (value(urn + one, left - 1) for one in np.eye(3))
        return sum(p * v for p, v in zip(urn / urn.sum(), after, strict=True))

    return value(start, m) - start[0] / start.sum()


@pytest.mark.parametrize("votes", [(0, 0, 0), (1, 1, 0), (2, 1, 3), (4, 1, 0), (3, 3, 2)])
def test_gains_are_those_of_all_sequences(votes):
    found = gains(votes, 6)
    assert found == pytest.approx([enumerated(votes, m) for m in range(1, 7)], abs=1e-12)


def test_no_single_sample_overturns_a_lead_of_three():
    found = gains((5, 2, 0), 8)
    assert found[:3] == pytest.approx([0, 0, 0], abs=1e-12)
    assert found[3] > 0


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
def test_batches_bring_less_and_less_a_sample_and_all_that_there_is_to_gain(a, b, r):
    gain = gains((max(a, b), min(a, b), r))
    sizes, slopes = zip(*batches(gain), strict=True)
    assert list(slopes) == sorted(slopes, reverse=True)
    assert sum(n * s for n, s in zip(sizes, slopes, strict=True)) == pytest.approx(max(gain))


problems = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.floats(1e-3, 0.5)),
    min_size=1,
    max_size=8,
)


@given(problems, st.sampled_from([by_gain, by_doubt]))
def test_a_budget_is_spent_whole_and_no_more(told, rule):
    votes = {str(i): (max(a, b), min(a, b), r) for i, (a, b, r, _) in enumerate(told)}
    prices = {str(i): price for i, (*_, price) in enumerate(told)}
    bought = rule(votes, prices)
    assert set(bought) == set(prices)
    assert min(bought.values()) >= 0
    assert sum(bought[name] * price for name, price in prices.items()) == pytest.approx(1)


def test_the_cheaper_of_equals_gets_more():
    bought = by_gain({"a": (2, 2, 0), "b": (2, 2, 0)}, {"a": 0.02, "b": 0.05})
    assert bought["a"] > bought["b"]


def shared_out(pools, rule, each, pilot=3, rounds=8):
    """How many of its answers each problem gets, where all together have `each` per problem."""
    drawn = np.full(len(pools), pilot)
    for left in range(rounds, 0, -1):
        budget = (each * len(pools) - drawn.sum()) / left
        votes = {str(i): votes_of(pools[i, :n]) for i, n in enumerate(drawn)}
        bought = rule(votes, dict.fromkeys(votes, 1 / budget))
        exact = np.array([*bought.values()])
        more = np.floor(exact).astype(int)
        more[np.argsort(more - exact)[: round(budget) - more.sum()]] += 1
        drawn = np.minimum(drawn + more, pools.shape[1])
    return drawn


def accuracy(pools, drawn):
    """The vote's, class 0 being right; ties are shared."""
    found = []
    for pool, n in zip(pools, drawn, strict=True):
        counts = np.bincount(pool[:n], minlength=3)
        found.append((counts[0] == counts.max()) / (counts == counts.max()).sum())
    return float(np.mean(found))


@pytest.fixture(scope="module")
def trials():
    """Accuracy of (equal, gain, doubt), and samples on (easy, contested) problems by gain."""
    rng = np.random.default_rng(0)
    right, spent = [], []
    for _ in range(40):
        shares = [EASY] * 24 + [CONTESTED] * 8
        pools = np.stack([rng.choice(3, size=96, p=p) for p in shares])
        by = [np.full(32, 9), shared_out(pools, by_gain, 9), shared_out(pools, by_doubt, 9)]
        assert all(drawn.sum() <= 9 * 32 for drawn in by)
        right.append([accuracy(pools, drawn) for drawn in by])
        spent.append([by[1][:24].mean(), by[1][24:].mean()])
    return np.array(right), np.mean(spent, axis=0)


def test_by_gain_contested_problems_get_more(trials):
    easy, contested = trials[1]
    assert contested > 2 * easy


@pytest.mark.parametrize("rule", [1, 2], ids=["gain", "doubt"])
def test_who_shares_out_by_votes_is_right_more_often_at_the_same_budget(trials, rule):
    ahead = trials[0][:, rule] - trials[0][:, 0]
    error = ahead.std(ddof=1) / np.sqrt(len(ahead))
    assert ahead.mean() > 3 * error
