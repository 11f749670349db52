"""Estimates of every policy against enumeration of all draws, and what it chooses live."""

from itertools import combinations, permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttc.analysis.drawn import Drawn
from ttc.analysis.estimate import Method
from ttc.analysis.pool import PoolArrays
from ttc.analysis.problem_view import ProblemView
from ttc.analysis.scores import first_mean
from ttc.analysis.settings import EstimatorSettings
from ttc.core import Solution, Verification
from ttc.policies import StoppingRule, named
from ttc.policies.any_reject import AnyReject
from ttc.policies.best_of_majority import BestOfMajority
from ttc.policies.best_of_n import BestOfN
from ttc.policies.borda import Borda
from ttc.policies.filtered_majority import FilteredMajority
from ttc.policies.first_accepted import FirstAccepted
from ttc.policies.knockout import Knockout
from ttc.policies.league import League
from ttc.policies.longest_majority import LongestMajority
from ttc.policies.pessimistic import Pessimistic
from ttc.policies.pivot import Pivot
from ttc.policies.shortest_majority import ShortestMajority
from ttc.policies.softmax_majority import SoftmaxMajority
from ttc.policies.threshold import Threshold
from ttc.policies.weighted_majority import WeightedMajority

NAN = float("nan")
DRAWS = 400
POLICIES = [
    WeightedMajority(by="raw"),
    SoftmaxMajority(temperature=0.3),
    SoftmaxMajority(by="confidence", temperature=0.2),
    FilteredMajority(share=0.5),
    Borda(),
    BestOfMajority(share=0, answers=1),
    BestOfN(aggregate="min"),
    BestOfN(aggregate="product"),
    AnyReject(),
    ShortestMajority(),
    LongestMajority(voters=2),
    Threshold(policy=WeightedMajority(), by="mean", least=0.6),
    FirstAccepted(accept=0.6),
    Knockout(),
    League(),
    Pivot(pivots=1),
]
EXACT = (BestOfN, AnyReject)


class Tiny:
    """Four solutions with two verifications each; class 0 is right."""

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        self.classes = rng.choice([0, 0, 1, 2, -1], 4)
        self.values = rng.choice([0.0, 1.0, 0.3, NAN], (4, 2), p=[0.3, 0.3, 0.3, 0.1])
        self.raw = rng.choice([-1.0, 2.0, 3.5], (4, 2))
        self.steps = rng.choice([0.2, 0.5, 0.9], (4, 2, 3))
        self.tokens = rng.choice([10.0, 20.0, 30.0], 4)
        self.confidence = rng.choice([-0.1, -0.5], 4)
        upper = np.triu(rng.choice([0.0, 0.5, 1.0], (4, 4)), 1)
        self.pairs = np.where(np.eye(4) > 0, NAN, upper + np.tril(1 - upper.T, -1))

    def view(self, seed=3):
        classes, values = self.classes, self.values
        # `pairs` are another verifier's, with as many comparisons as verifications here.
        more = {"raw": self.raw, "steps": self.steps, "tokens": self.tokens}
        more |= {"confidence": self.confidence, "pairs": self.pairs}
        pool = PoolArrays.from_ragged([classes], [0], scores=[values])
        pool = PoolArrays(**{**vars(pool), **{name: array[None] for name, array in more.items()}})
        setting = EstimatorSettings(draws=DRAWS, choices=DRAWS)
        return ProblemView.of(pool, 0, setting, seed)

    def success(self, policy, s, v):
        """Over all orders of all S-subsets, V-subsets of each, and numberings of the classes."""
        found = []
        judged = policy.reads_verifications and "pairs" not in policy.reads
        subsets = list(combinations(range(2), v)) if judged else [(0, 1)]
        for order in permutations(range(4), s):
            for picks in product(subsets, repeat=s):
                one = self.drawn(list(order), np.array(picks), v)
                found += [policy.picks(*case) in case[1] for case in numbered(one, policy)]
        return np.mean(found)

    def drawn(self, order, picks, v):
        rows = np.array(order)[:, None]
        values = self.values[rows, picks]
        classes = self.classes[order]
        more = {"values": values, "raw": self.raw[rows, picks], "steps": self.steps[rows, picks]}
        more |= {"tokens": self.tokens[order], "confidence": self.confidence[order]}
        more["pairs"] = self.pairs[np.ix_(order, order)]
        scores = np.where(classes >= 0, first_mean(values, v), 0.0)
        return Drawn(classes, scores, np.full(len(order), v), more)


def numbered(one, policy):
    """The draw with its classes numbered in each way, and which is right; of rules as they come."""
    known = list(dict.fromkeys(int(c) for c in one.classes if c >= 0))
    ways = (
        [range(len(known))] if isinstance(policy, StoppingRule) else permutations(range(len(known)))
    )
    for numbers in ways:
        number = dict(zip(known, numbers, strict=True)) | {-1: -1}
        classes = np.array([number[int(c)] for c in one.classes])
        right = {number[0]} if 0 in number else set()
        yield Drawn(classes, one.scores, one.verifications, one.more), right


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.label)
@pytest.mark.parametrize("seed", [1, 2])
def test_estimates_are_means_over_all_draws(policy, seed):
    tiny = Tiny(seed)
    depths = [1, 2] if policy.reads_verifications else [0]
    found = policy.estimate(tiny.view(), [1, 2, 3], depths)
    for (i, s), (j, v) in product(enumerate([1, 2, 3]), enumerate(depths)):
        if "pairs" in policy.reads and v < 2:
            assert found.method[i, j] == Method.UNAVAILABLE
            continue
        truth = tiny.success(policy, s, v or 2)
        exact = found.method[i, j] == Method.EXACT
        assert exact or not isinstance(policy, AnyReject)
        slack = 1e-9 if exact else 4.5 * np.sqrt(max(truth * (1 - truth), 1 / DRAWS) / DRAWS)
        assert abs(found.value[i, j] - truth) <= slack, (s, v)
    if isinstance(policy, BestOfN):
        assert (found.method[:, 1] == Method.EXACT).all()  # all verifications of each


@settings(max_examples=60, derandomize=True)
@given(
    st.lists(st.sampled_from([0.0, 0.2, 0.7, 1.0, NAN]), min_size=6, max_size=6),
    st.lists(st.integers(-1, 2), min_size=3, max_size=3),
    st.integers(1, 3),
    st.integers(1, 2),
)
def test_any_reject_is_exact_for_any_scores(scores, classes, s, v):
    values = np.array(scores).reshape(3, 2)
    pool = PoolArrays.from_ragged([classes], [0], scores=[values])
    view = ProblemView.of(pool, 0, EstimatorSettings(), 1)
    found = AnyReject().estimate(view, [s], [v])
    shares = []
    for subset in combinations(range(3), s):
        for picks in product(combinations(range(2), v), repeat=s):
            worst = [
                least(values[i, list(p)], classes[i]) for i, p in zip(subset, picks, strict=True)
            ]
            best = [classes[i] for i, w in zip(subset, worst, strict=True) if w == max(worst)]
            shares.append(np.mean([c == 0 for c in best]))
    assert found.method[0, 0] == Method.EXACT
    assert found.value[0, 0] == pytest.approx(np.mean(shares), abs=1e-9)


def least(values, answer_class):
    known = [x for x in values if not np.isnan(x)]
    return -1.0 if answer_class < 0 else min(known, default=0.0)


def test_any_reject_of_scores_too_many_for_the_exact_sum_is_sampled():
    rng = np.random.default_rng(5)
    values, classes = rng.random((12, 4)), rng.integers(0, 2, 12)
    pool = PoolArrays.from_ragged([classes], [0], scores=[values])
    exact = ProblemView.of(pool, 0, EstimatorSettings(), 1)
    cheap = ProblemView.of(pool, 0, EstimatorSettings(max_cost=10.0, draws=2000, choices=2000), 1)
    truth = AnyReject().estimate(exact, [4], [2])
    found = AnyReject().estimate(cheap, [4], [2, 4])
    assert truth.method[0, 0] == Method.EXACT
    assert found.method.tolist() == [[Method.MONTE_CARLO, Method.EXACT]]
    assert abs(found.value[0, 0] - truth.value[0, 0]) < 4 * found.standard_error[0, 0]


@settings(max_examples=40, derandomize=True)
@given(
    st.lists(st.integers(-1, 3), min_size=2, max_size=6),
    st.integers(0, 10**6),
    st.sampled_from([p for p in POLICIES if not isinstance(p, StoppingRule)] + [Pessimistic()]),
)
def test_live_choices_are_those_of_the_estimate(classes, seed, policy):
    """Of all S solutions with all their V verifications: the same judgements, the same answer."""
    rng = np.random.default_rng(seed)
    n = len(classes)
    strength, values = rng.random(n), rng.random((n, 2))
    raw, steps = values * 3, np.stack([values, values**2], axis=2)
    tokens, logprob = rng.permutation(n) * 7 + 5, -rng.random(n)
    answers = [None if c < 0 else f"{c}" for c in classes]
    solutions = [
        Solution("p", i, "", a, 5, int(t), "stop", mean_logprob=float(p))
        for i, (a, t, p) in enumerate(zip(answers, tokens, logprob, strict=True))
    ]
    if "pairs" in policy.reads:
        share = (strength[:, None] > strength).astype(float)
        judged = [
            Verification(
                "p", i, k, "v", "", None, None, float(share[i, j]), 5, 5, "stop", against=j
            )
            for k, (i, j) in enumerate(combinations(range(n), 2))
        ]
        pairs = np.where(np.eye(n) > 0, NAN, share)
        values, more = np.full((n, 1), 0.5), {"pairs": pairs[None]}
    else:
        judged = [
            Verification(
                "p", i, j, "v", "", None, None, float(values[i, j]), 5, 5, "stop",
                step_scores=tuple(steps[i, j].tolist()), raw=float(raw[i, j]),
            )
            for i, j in product(range(n), range(2))
        ]  # fmt: skip
        more = {"raw": raw[None], "steps": steps[None]}
    more |= {"tokens": tokens[None].astype(float), "confidence": logprob[None]}
    live = policy.choose(Drawn.of(solutions, np.array(classes), judged))
    pool = PoolArrays.from_ragged([classes], [0], scores=[values])
    view = ProblemView.of(
        PoolArrays(**{**vars(pool), **more}), 0, EstimatorSettings(draws=24, choices=24), seed
    )
    depth = values.shape[1] if policy.reads_verifications else 0
    found = policy.estimate(view, [n], [depth]).value[0, 0]
    if ties(classes, policy):
        assert 0 <= found <= 1 + 1e-9
    else:
        assert found == pytest.approx(float(live == 0), abs=1e-9)


def ties(classes, policy):
    """Where numbers and order may decide: votes in whole numbers."""
    whole = isinstance(policy, Borda | LongestMajority | Pivot)
    return whole or (max(classes) < 0)


def test_only_what_a_rule_looked_at_costs():
    """Half of the solutions pass: 1, 2, 3 or 4 are looked at with chance 1/2, 1/4, 1/6, 1/12."""
    values = np.array([[1.0], [1.0], [0.0], [0.0]])
    pool = PoolArrays.from_ragged([[0, 1, 0, 1]], [0], scores=[values])
    view = ProblemView.of(pool, 0, EstimatorSettings(draws=4000, choices=4000), 1)
    found = FirstAccepted().estimate(view, [4], [1])
    expected = 1 * 1 / 2 + 2 * 1 / 3 + 3 * 1 / 6
    assert found.used_s[0, 0] == pytest.approx(expected, abs=0.06)
    assert found.value[0, 0] == pytest.approx(0.5, abs=0.03)


def test_tournaments_cost_what_they_compare():
    tiny = Tiny(4)
    for policy, comparisons in ((Knockout(), 3), (League(), 6), (Pivot(), 6)):
        found = policy.estimate(tiny.view(), [4], [2])
        assert found.used_v[0, 0] == 2 * comparisons / 4


def test_oracle_still_covers_all():
    tiny = Tiny(1)
    covered = named("oracle").estimate(tiny.view(), [1, 2, 3], [0]).value[:, 0]
    for policy in POLICIES:
        depth = 2 if policy.reads_verifications else 0
        found = policy.estimate(tiny.view(), [1, 2, 3], [depth])
        assert (found.value[:, 0] <= covered + 4.5 * found.standard_error[:, 0] + 1e-9).all()


def test_abstentions_are_counted():
    """One pair of six agrees; of the others each answer has a share of one half."""
    pool = PoolArrays.from_ragged([[0, 0, 1, 2]], [0])
    view = ProblemView.of(pool, 0, EstimatorSettings(draws=4000, choices=4000), 1)
    found = Threshold(least=0.6).estimate(view, [1, 2], [0])
    assert found.abstained[0, 0] == 0.0
    assert found.abstained[1, 0] == pytest.approx(5 / 6, abs=0.03)
    assert found.value[1, 0] == pytest.approx(1 / 6, abs=0.03)
