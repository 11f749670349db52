"""What the votes and tournaments pick, worked out by hand, and what they become at their limits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.analysis.drawn import Drawn
from ttc.errors import RecipeError
from ttc.policies import named
from ttc.policies.any_reject import AnyReject
from ttc.policies.best_of_majority import BestOfMajority
from ttc.policies.best_of_n import BestOfN
from ttc.policies.borda import Borda
from ttc.policies.filtered_majority import FilteredMajority
from ttc.policies.first_accepted import FirstAccepted
from ttc.policies.knockout import Knockout
from ttc.policies.league import League
from ttc.policies.longest_majority import LongestMajority
from ttc.policies.pivot import Pivot
from ttc.policies.shortest_majority import ShortestMajority
from ttc.policies.softmax_majority import SoftmaxMajority
from ttc.policies.threshold import Threshold
from ttc.policies.weighted_majority import WeightedMajority
from ttc.recipe import parse_recipe

NAN = float("nan")


def drawn(classes, scores=None, **more):
    """One verification a solution, unless values say otherwise."""
    n = len(classes)
    scores = np.full(n, NAN) if scores is None else np.array(scores, dtype=float)
    arrays = {name: np.array(array, dtype=float) for name, array in more.items()}
    depth = arrays["values"].shape[1] if "values" in arrays else 1
    return Drawn(np.array(classes), scores, np.where(np.isnan(scores), 0, depth), arrays)


def test_the_softmax_vote_is_that_of_the_papers_weights():
    """Weights e^(c/T): 0.9 alone against 0.6 twice; at T = 0.5, e^1.8 = 6.05 < 2 e^1.2 = 6.64, and
    at T = 0.4, e^2.25 = 9.49 > 2 e^1.5 = 8.96."""
    pool = drawn([0, 1, 1], [0.9, 0.6, 0.6])
    assert SoftmaxMajority(temperature=0.5).choose(pool) == 1
    assert SoftmaxMajority(temperature=0.4).choose(pool) == 0
    raw = drawn([0, 1, 1], raw=[[-1.0], [-3.0], [-3.0]])  # log-likelihoods: e^2 = 7.4 times as much
    assert SoftmaxMajority(by="raw").choose(raw) == 0
    assert SoftmaxMajority(by="raw", temperature=3).choose(raw) == 1  # e^(2/3) = 1.95 times
    sure = drawn([0, 1, 1], confidence=np.log([0.9, 0.6, 0.6]))
    assert SoftmaxMajority(by="confidence", temperature=0.4).choose(sure) == 0


def test_a_raw_measure_below_zero_takes_no_votes_away():
    pool = drawn([0, 0, 1], raw=[[2.0, 4.0], [-9.0, -9.0], [2.5, NAN]])
    assert WeightedMajority(by="raw").choose(pool) == 0  # 3 + 0 against 2.5
    assert WeightedMajority(by="raw").choose(drawn([-1, 1], raw=[[9.0], [NAN]])) == -1


def test_the_filtered_vote_keeps_the_papers_share():
    """The best tenth of twenty are two; with a quarter the three of 0.8 outweigh two of 0.9."""
    scores = [0.9, 0.9, 0.8, 0.8, 0.8] + [0.1] * 15
    classes = [0, 0, 1, 1, 1] + [2] * 15
    pool = drawn(classes, scores)
    assert FilteredMajority().choose(pool) == 0
    assert FilteredMajority(share=0.25).choose(pool) == 1
    assert FilteredMajority(share=1).choose(pool) == 1  # 15 x 0.1 = 1.5 against 2.4
    assert FilteredMajority(share=0.3).choose(drawn([0] * 5 + [1] * 5, [1.0] * 3 + [0.9] * 7)) == 0
    ties = drawn([1, 1, 0, 0, 0], [0.5] * 5)
    assert FilteredMajority(share=0.2).choose(ties) == 0  # all tie with the last, so all stay


def test_borda_weighs_by_rank():
    """Of five, ranks weigh 5, 4, 3, 2, 1: 5 against 4 + 3 against 2 + 1; squared 25, 25, 5: tie."""
    pool = drawn([2, 1, 1, 0, 0], [0.9, 0.8, 0.7, 0.2, 0.1])
    assert Borda().choose(pool) == 1
    assert Borda(power=2).choose(pool) == 1  # a tie goes to the lower number
    assert Borda(power=2.1).choose(pool) == 2
    assert Borda().choose(drawn([0, 1, 1], [0.3, 0.2, 0.2])) == 0  # 3 against 1.5 + 1.5: a tie


def test_best_of_majority_gates_by_frequency():
    pool = drawn([0, 1, 1, 1, 2, 2, 2, 2], [0.99, 0.5, 0.9, 0.4, 0.6, 0.6, 0.7, 0.6])
    assert BestOfMajority(share=0).choose(pool) == 0
    assert BestOfMajority(share=0.2).choose(pool) == 1  # an eighth is too rare
    assert BestOfMajority(share=0.5).choose(pool) == 2
    assert BestOfMajority(share=0.9).choose(pool) == 2  # nobody is: the most frequent
    assert BestOfMajority(share=0, answers=1).choose(pool) == 2
    assert BestOfMajority(share=0, answers=2).choose(pool) == 1
    tied = drawn([0, 0, 1, 1, 2], [0.1, 0.2, 0.3, 0.1, 0.9])
    assert BestOfMajority(share=0, answers=1).choose(tied) == 1  # a vote's tie goes by the score
    assert BestOfMajority(share=0.5).choose(drawn([0, 0, 1], [NAN, NAN, 0.3])) == 1


def test_votes_by_length_are_those_of_the_papers():
    """Two of mean length 1000 against three of 100000: 2/ln 1000 = .2895 > 3/ln 100000 = .2606."""
    pool = drawn([0, 0, 1, 1, 1], tokens=[900, 1100, 1e5, 1e5, 1e5])
    assert ShortestMajority().choose(pool) == 0
    assert LongestMajority().choose(pool) == 1
    assert ShortestMajority().choose(drawn([0, 0, 1, 1, 1], tokens=[900, 1100, 2e3, 2e3, 2e3])) == 1
    few = drawn([0, 1, 2, 2, 1], tokens=[30, 10, 40, 50, 20])
    assert ShortestMajority(voters=2).choose(few) == 1
    assert ShortestMajority(voters=1).choose(drawn([0, 1], tokens=[2, 1])) == 1
    assert LongestMajority(voters=3).choose(few) == 2
    assert ShortestMajority(voters=4).choose(drawn([0, 1, 0, 1], tokens=[3, 1, 2, 9])) == 1  # tie
    assert ShortestMajority().choose(drawn([0, 1], tokens=[1, 1])) == 0  # log 1 is 0
    assert ShortestMajority().choose(drawn([0, 1])) == -1  # nobody knows their lengths


def test_steps_make_scores_as_published():
    """By hand: last .9 .7, min .2 .6, product .162 .378, mean 2/3 .65; NaN pads."""
    steps = [[[0.9, 0.2, 0.9]], [[0.6, 0.9, 0.7]], [[0.65, NAN, NAN]]]
    pool = drawn([0, 1, 2], [0.5] * 3, steps=steps)
    picks = {how: BestOfN(aggregate=how).choose(pool) for how in ("last", "min", "product", "mean")}
    assert picks == {"last": 0, "min": 2, "product": 2, "mean": 1}
    twice = drawn([0, 1], [0.5] * 2, steps=[[[0.2], [1.0]], [[0.5], [NAN]]])
    assert BestOfN(aggregate="min").choose(twice) == 0  # 0.6 against 0.5: unreadable ones drop out
    assert BestOfN(aggregate="last").label == "best_of_n(aggregate=last)"


def test_one_fault_found_is_enough():
    values = [[1.0, 1.0, 0.0], [0.6, 0.6, 0.6], [1.0, NAN, 0.5], [NAN, NAN, NAN]]
    scores = [2 / 3, 0.6, 0.75, 0.0]
    assert AnyReject().choose(drawn([0, 1, 2, 3], scores, values=values)) == 1
    assert AnyReject().choose(drawn([0, -1, 3], scores[:3], values=values[:3])) == 3
    assert AnyReject().choose(drawn([-1], [1.0], values=[[1.0]])) == -1


def test_abstains_below_the_threshold():
    pool = drawn([0, 0, 1, 2], [0.2, 0.6, 0.9, 0.1])
    assert Threshold(least=0.5).choose(pool) == 0
    assert Threshold(least=0.51).choose(pool) == -1
    assert Threshold(by="mean", least=0.4).choose(pool) == 0
    assert Threshold(by="mean", least=0.41).choose(pool) == -1
    assert Threshold(by="best", least=0.6).choose(pool) == 0
    best = Threshold(policy=BestOfN(), by="best", least=0.9)
    assert best.choose(pool) == 1
    assert best.label == "threshold(policy=best_of_n by=best least=0.9)"
    assert best.reads == {"scores"}
    assert Threshold().reads == frozenset()


def test_the_first_that_passes_is_taken_and_nothing_after_it_is_drawn():
    pool = drawn([0, -1, 1, 2], [0.4, 1.0, 0.6, 0.9])
    rule = FirstAccepted()
    assert rule.used(pool) == 3
    assert rule.picks(pool, ()) == 1
    strict = FirstAccepted(accept=0.95)
    assert (strict.used(pool), strict.picks(pool, ())) == (4, 2)  # none: best-of-N
    voting = FirstAccepted(accept=0.95, otherwise=named("majority"))
    assert voting.picks(pool, ()) == 0
    assert voting.label == "first_accepted(accept=0.95 otherwise=majority)"


def beats(*rows):
    return np.array(rows, dtype=float)


def test_tournaments_by_hand():
    """0 beats 1 and 3, 1 beats 2 and 3, 2 beats 0, 3 beats 2."""
    pairs = beats(
        [NAN, 0.9, 0.2, 0.8], [0.1, NAN, 0.7, 0.6], [0.8, 0.3, NAN, 0.4], [0.2, 0.4, 0.6, NAN]
    )
    classes = [5, 6, 7, 8]
    assert Knockout().choose(drawn(classes, pairs=pairs)) == 5  # 0 over 1, 3 over 2, 0 over 3
    order = [0, 2, 1, 3]
    swapped = drawn(np.array(classes)[order], pairs=pairs[np.ix_(order, order)])
    assert Knockout().choose(swapped) == 6  # 2 over 0, 1 over 3, 1 over 2
    assert Knockout().choose(drawn([5, 6, 7], pairs=pairs[:3, :3])) == 7  # 0 over 1; 2 goes on
    assert League().choose(drawn(classes, pairs=pairs)) == 5  # 1.9, 1.4, 1.5, 1.2 of three
    assert Pivot(pivots=1).choose(drawn(classes, pairs=pairs)) == 5
    assert [Knockout().comparisons(s) for s in (1, 2, 8)] == [0, 1, 7]
    assert [Pivot().comparisons(s) for s in (1, 2, 3, 8)] == [0, 1, 3, 8 + 12 + 1]
    assert League().comparisons(8) == 28


def test_a_pivot_tournament_asks_no_more_than_it_says():
    """Ring 0-1-2-3-4; 0 and 1 lead it; 3 is compared with 2, 4 and the pivots only."""
    pairs = np.full((5, 5), 0.5)
    ring = {(0, 1): 0.6, (1, 2): 1.0, (2, 3): 0.5, (3, 4): 0.6, (0, 4): 1.0}
    for (a, b), share in (ring | {(0, 3): 0.1, (1, 3): 0.2, (0, 2): 0.9, (1, 4): 0.5}).items():
        pairs[a, b], pairs[b, a] = share, 1 - share
    np.fill_diagonal(pairs, NAN)
    pool = drawn([0, 1, 2, 3, 4], pairs=pairs)
    # 0: (.6 + 1 + .1 + .9) / 4 = .65; 1: (.4 + 1 + .2 + .5) / 4; 3: (.5 + .6 + .9 + .8) / 4 = .7
    assert Pivot().choose(pool) == 3
    pairs[2, 4], pairs[4, 2] = 0.0, 1.0  # never asked
    assert Pivot().choose(drawn([0, 1, 2, 3, 4], pairs=pairs)) == 3


def test_pairs_that_nobody_compared_go_to_the_first():
    unknown = np.full((3, 3), NAN)
    for policy in (Knockout(), League(), Pivot()):
        assert policy.choose(drawn([-1, 2, 1], pairs=unknown)) == 2
        assert policy.choose(drawn([-1, -1], pairs=unknown[:2, :2])) == -1


pools = st.integers(1, 8).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(-1, 3), min_size=n, max_size=n), st.integers(0, 2**32 - 1)
    )
)
VOTES = [
    WeightedMajority(), SoftmaxMajority(temperature=0.2), FilteredMajority(share=0.4),
    Borda(power=1.37), BestOfMajority(), BestOfN(), BestOfN(aggregate="product"), AnyReject(),
    ShortestMajority(), LongestMajority(), Threshold(policy=WeightedMajority(), by="mean"),
    League(), WeightedMajority(by="raw"), WeightedMajority(by="confidence"),
]  # fmt: skip


def random_pool(classes, seed):
    """No two numbers are alike, so nothing ties but votes."""
    rng = np.random.default_rng(seed)
    n = len(classes)
    values = rng.random((n, 3))
    pairs = rng.random((n, n))
    pairs = np.where(np.eye(n) > 0, NAN, np.triu(pairs) + np.tril(1 - pairs.T, -1))
    more = {"raw": values + 1, "steps": rng.random((n, 3, 4)), "tokens": rng.random(n) * 99 + 3}
    more |= {"values": values, "confidence": np.log(values[:, 0]), "pairs": pairs}
    return drawn(classes, values.mean(axis=1), **more)


@given(pools, st.sampled_from(VOTES))
def test_neither_order_nor_numbers_of_answers_matter(pool, policy):
    classes, seed = pool
    one = random_pool(classes, seed)
    rng = np.random.default_rng(seed + 1)
    number = np.append(rng.permutation(4), -1)
    other = one.take(rng.permutation(len(one)))
    other = Drawn(number[other.classes], other.scores, other.verifications, other.more)
    assert policy.choose(other) == number[policy.choose(one)]


@given(pools, st.floats(0.01, 1))
def test_a_constant_score_leaves_the_majority(pool, score):
    classes, _ = pool
    same = drawn(classes, [score] * len(classes), raw=[[score]] * len(classes))
    vote = named("majority").choose(same)
    for policy in (WeightedMajority(), SoftmaxMajority(), FilteredMajority(), Borda(power=3)):
        assert policy.choose(same) == vote
    assert WeightedMajority(by="raw").choose(same) == vote
    assert BestOfMajority(share=0, answers=1).choose(same) in (-1, *classes)


@given(pools)
def test_limits(pool):
    one = random_pool(*pool)
    vote, best = named("majority").choose(one), BestOfN().choose(one)
    assert SoftmaxMajority(temperature=1e6).choose(one) == vote or ties(one)
    assert SoftmaxMajority(temperature=1e-5).choose(one) == best
    assert Borda(power=0).choose(one) == vote
    assert BestOfMajority(share=0).choose(one) == best
    assert FilteredMajority(share=1).choose(one) == WeightedMajority().choose(one)
    assert FilteredMajority(share=1e-6).choose(one) == best
    assert Threshold(least=0).choose(one) == vote
    assert ShortestMajority(voters=len(one)).choose(one) == vote or ties(one)
    single = drawn(one.classes, one.values[:, 0], values=one.values[:, :1])
    assert AnyReject().choose(single) == BestOfN().choose(single)


def ties(one):
    first, second = one.top_two()
    return first == second


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        ("type: softmax_majority, temperature: 0", "temperature"),
        ("type: filtered_majority, share: 0", "share"),
        ("type: threshold, policy: nobody", "no policy is called 'nobody'"),
        ("type: best_of_n, aggregate: median", "aggregate"),
        ("type: pivot, pivots: 0", "pivots"),
    ],
)
def test_parameters_have_bounds(policy, says):
    with pytest.raises(RecipeError, match=says):
        parse_recipe(f"name: x\ndataset: nano\npolicies: [{{{policy}}}]")
