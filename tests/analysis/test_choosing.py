"""The estimate of a policy that only chooses, against exact estimators and enumeration."""

from itertools import permutations
from typing import ClassVar, Literal

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ttc.analysis.drawn import Drawn
from ttc.analysis.estimate import Method
from ttc.analysis.pool import PoolArrays
from ttc.analysis.problem_view import ProblemView
from ttc.analysis.settings import EstimatorSettings
from ttc.core import Solution, Verification
from ttc.policies import PolicyPart, StoppingRule, named, usual
from ttc.policies.pessimistic import Pessimistic

NAN = float("nan")
DRAWS = 400
verdict = st.sampled_from([0.0, 1.0, 0.3, NAN])
problems = st.integers(1, 5).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(-1, 2), min_size=n, max_size=n),
        st.lists(st.lists(verdict, min_size=1, max_size=2), min_size=n, max_size=n),
        st.integers(0, 10**6),
    )
)


def view_of(classes, verdicts=(), seed=1, more=None, **setting):
    scores = [verdicts] if len(verdicts) else ()
    pool = PoolArrays.from_ragged([classes], [0], scores=scores)
    setting = EstimatorSettings(**{"draws": DRAWS, "choices": DRAWS, **setting})
    return ProblemView.of(PoolArrays(**{**vars(pool), **(more or {})}), 0, setting, seed)


@settings(max_examples=60, deadline=None, derandomize=True)
@example(([0, -1], [[0.0], [0.0]], 1), named("best_of_n"), "random", "dropped")
@example(([0, 1], [[1.0], [1.0] * 6 + [0.0] * 2], 1), Pessimistic(), "random", "dropped")
@example(([0, 1, -1], [[1.0], [1.0, 0.3], [1.0] * 9], 1), Pessimistic(), "random", "dropped")
@given(
    problems,
    st.sampled_from([*usual()[:-1], Pessimistic(alpha=2)]),
    st.sampled_from(["random", "first"]),
    st.sampled_from(["dropped", "zero", "half"]),
)
def test_choosing_agrees_with_the_estimator_that_stands_in_for_it(problem, policy, draws, invalid):
    """To four standard errors of both, where a share's error is told from its true value."""
    classes, verdicts, seed = problem
    view = view_of(classes, verdicts, seed, verification_draws=draws, invalid_verdict=invalid)
    sizes = list(range(1, len(classes) + 1))
    most = max(map(len, verdicts))
    depths = list(range(1, most + 1)) if policy.reads_verifications else [0]
    exact = policy.estimate(view, sizes, depths)
    found = PolicyPart.estimate(policy, view, sizes, depths)
    p = np.clip(exact.value, 1 / DRAWS, 1 - 1 / DRAWS)
    slack = 4 * np.sqrt(exact.standard_error**2 + p * (1 - p) / DRAWS) + 1 / DRAWS
    slack = np.where(found.method == Method.EXACT, 1e-9, slack)
    assert (np.abs(found.value - exact.value) <= slack).all()
    if not policy.reads_verifications or draws == "first":
        assert (found.method[0] == Method.EXACT).all()


def test_weighted_ties_are_shared_though_one_answer_comes_first_more_often():
    verdicts = [[1.0], [0.5], [0.5]]
    estimate = PolicyPart.estimate(
        named("weighted_majority"), view_of([0, 1, 1], verdicts), [3], [1]
    )
    assert estimate.value[0, 0] == pytest.approx(0.5, abs=0.1)


class Shortest(PolicyPart):
    """The shortest solution's answer; of equals the most confident."""

    reads: ClassVar[frozenset[str]] = frozenset({"tokens", "confidence"})
    type: Literal["shortest"] = "shortest"

    def choose(self, drawn: Drawn) -> int:
        return int(drawn.classes[np.lexsort((-drawn.confidence, drawn.tokens))[0]])


class WorstStep(PolicyPart):
    """The answer whose weakest step is best, and of equals the highest single verdict."""

    reads: ClassVar[frozenset[str]] = frozenset({"steps", "values"})
    type: Literal["worst_step"] = "worst_step"

    def choose(self, drawn: Drawn) -> int:
        assert drawn.values.shape == drawn.steps.shape[:2]
        np.testing.assert_allclose(drawn.scores, np.nanmean(drawn.values, axis=1))
        weakest = np.nanmin(drawn.steps, axis=2)
        np.testing.assert_allclose(weakest, drawn.values)  # each verification with its own steps
        return int(drawn.classes[np.argmax(weakest.mean(axis=1))])


def test_tokens_and_confidences_are_those_of_the_solutions_drawn():
    classes, tokens, confidence = [0, 1, 2, 0], [[5.0, 5, 9, 9]], [[-2.0, -1, -1, -1]]
    more = {"tokens": np.array(tokens), "confidence": np.array(confidence)}
    found = Shortest().estimate(view_of(classes, more=more, choices=20, draws=4000), [1, 2, 4], [0])
    assert found.value[0, 0] == 0.5  # one alone, exactly
    assert found.value[2, 0] == 0.0  # all: the second solution
    pairs = [(i, j) for i in range(4) for j in range(4) if i != j]
    key = {0: 1, 1: 0, 2: 2, 3: 2}
    right = np.mean([classes[min(p, key=lambda i: (key[i], p.index(i)))] == 0 for p in pairs])
    many = Shortest().estimate(view_of(classes, more=more, choices=4000, draws=4000), [2], [0])
    assert abs(many.value[0, 0] - right) < 4 * many.standard_error[0, 0]


def test_step_scores_come_with_their_verification():
    verdicts = np.array([[0.9, 0.2, 0.4], [0.5, 0.6, 0.7]])
    steps = np.stack([verdicts + 0.1, verdicts], axis=2)
    more = {"steps": steps[None]}
    found = WorstStep().estimate(view_of([0, 1], verdicts, more=more), [1, 2], [1, 2, 3])
    assert found.value[0, 2] == 0.5
    assert found.value[1, 2] == 0.0  # 0.5 on average against 0.6
    wins = np.mean([a > b for a in verdicts[0] for b in verdicts[1]])
    assert abs(found.value[1, 0] - wins) < 4 * found.standard_error[1, 0]


class TwoAlike(StoppingRule):
    """Stops at two equal answers."""

    type: Literal["two_alike"] = "two_alike"

    def choose(self, drawn: Drawn) -> int:
        votes = np.bincount(drawn.classes[drawn.classes >= 0], minlength=1)
        return int(np.argmax(votes)) if votes.max() else -1

    def enough(self, drawn: Drawn) -> bool:
        return drawn.top_two()[0] >= 2


@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    st.lists(st.integers(-1, 2), min_size=1, max_size=6),
    st.sampled_from([TwoAlike(), TwoAlike(window=2), named("adaptive_consistency"), named("esc")]),
    st.integers(0, 1000),
)
def test_a_rule_over_random_orders_is_its_mean_over_all_orders(classes, rule, seed):
    n = len(classes)
    found = rule.estimate(view_of(classes, seed=seed), list(range(1, n + 1)), [0])
    for most in range(1, n + 1):
        outcomes = []
        for order in permutations(classes, most):
            drawn = as_seen(order)
            used = rule.used(drawn)
            choice = rule.picks(drawn, ())
            right = as_seen(order, also=[0])[choice] if choice >= 0 else None
            outcomes.append((right == 0, used))
        success, used = np.mean(outcomes, axis=0)
        deviation = np.std(outcomes, axis=0) / np.sqrt(DRAWS)
        assert abs(found.value[most - 1, 0] - success) <= 4.5 * deviation[0] + 1 / DRAWS
        assert abs(found.used_s[most - 1, 0] - used) <= 4.5 * deviation[1] + 1e-9
        assert found.paths[most - 1, 0].mean() == pytest.approx(found.used_s[most - 1, 0])


def as_seen(order, also=None):
    """Classes numbered by appearance, as attempts number them; or what each number means."""
    known = list(dict.fromkeys(c for c in order if c >= 0))
    if also is not None:
        return dict(enumerate(known))
    classes = np.array([known.index(c) if c >= 0 else -1 for c in order])
    return Drawn(classes, np.full(len(order), NAN), np.zeros(len(order), int))


def test_solutions_and_verifications_as_what_policies_read():
    solutions = [
        Solution("p", i, "", str(i), 3, tokens, "stop", mean_logprob=logprob)
        for i, (tokens, logprob) in enumerate([(7, -0.5), (9, None), (8, -1.0)])
    ]
    judged = [
        Verification("p", i, j, "v", "", None, None, score, 1, 1, "stop", step_scores=steps)
        for i, j, score, steps in [(0, 0, 0.9, (0.9, 1.0)), (0, 1, 0.2, (0.2,)), (2, 0, None, ())]
    ]
    drawn = Drawn.of(solutions, np.array([0, 1, 0]), judged)
    np.testing.assert_array_equal(drawn.tokens, [7, 9, 8])
    np.testing.assert_array_equal(drawn.confidence, [-0.5, NAN, -1.0])
    np.testing.assert_allclose(drawn.scores, [0.55, NAN, 0.0])
    np.testing.assert_array_equal(drawn.verifications, [2, 0, 1])
    np.testing.assert_array_equal(drawn.values, [[0.9, 0.2], [NAN, NAN], [NAN, NAN]])
    np.testing.assert_array_equal(drawn.steps[0], [[0.9, 1.0], [0.2, NAN]])
    assert drawn.top_two() == (2, 1)
    assert drawn.first(1) == 1
    head = drawn.head(2)
    assert len(head) == 2
    assert head.steps.shape == (2, 2, 2)
    assert np.isnan(head.pairs).all()
    assert head.pairs.shape == (2, 2)


def test_a_vote_of_ones_own_is_as_exact_as_majority_vote_but_for_ties():
    """The control variate: without it, errors would be those of shares, 0.03 each."""
    classes = [0] * 5 + [1] * 4 + [2, -1]
    sizes = [3, 5, 9, 11]
    exact = named("majority").estimate(view_of(classes), sizes, [0]).value
    found = PolicyPart.estimate(named("majority"), view_of(classes), sizes, [0])
    slack = 4 * found.standard_error + 1e-9
    assert (np.abs(found.value - exact) < slack).all()
    assert (found.standard_error < 0.016).all()
    repeats = [
        PolicyPart.estimate(named("majority"), view_of(classes, seed=i, choices=50), [5], [0])
        for i in range(200)
    ]
    values = np.array([one.value[0, 0] for one in repeats])
    stated = np.sqrt(np.mean([one.standard_error[0, 0] ** 2 for one in repeats]))
    assert values.std() == pytest.approx(stated, rel=0.25)
    assert abs(values.mean() - exact[1, 0]) < 4 * values.std() / np.sqrt(len(values))
