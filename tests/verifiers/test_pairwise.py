"""Pairwise judgement: what is asked, who is said to have won, and what tournaments read of it."""

import asyncio
import math
from collections import Counter

import numpy as np
import pytest
from attempts import attempt_of

from ttc.analysis.drawn import Drawn
from ttc.core import Capabilities, Completion, ModelIdentity, Problem, Solution, TokenLogprob
from ttc.pipeline.curve_query import CurveRequest, answer
from ttc.pipeline.run import run_recipe
from ttc.recipe import load_recipe
from ttc.store.pool import load_pool
from ttc.store.tables import read_frame
from ttc.verdicts.letters import find_letter, p_first
from ttc.verifiers.pairwise import Pairwise

PROBLEM = Problem("p", "1+1?", "2")


class Judge:
    """Prefers the longer solution, but says A when it is asked for the first time of a pair."""

    capabilities = Capabilities(logprobs=5)
    identity = ModelIdentity("test", "judge")

    def __init__(self, budget=10**9):
        self.shown, self.budget = [], budget

    async def sample(self, prompt, params, n, **_):
        text = prompt.messages[-1].content
        a, b = (part.split("\n\n")[0] for part in text.split("Solution ")[1:3])
        self.shown.append((a, b))
        n = max(0, min(n, self.budget))
        self.budget -= n
        said = "A" if len(a) >= len(b) else "B"
        top = {"A": math.log(0.6), "B": math.log(0.2)}
        return [
            Completion(
                f"Better: {said}", "stop", 5, 3, logprobs=(TokenLogprob(said, top[said], top),)
            )
        ] * n


def solved(*texts):
    return [Solution("p", i, text, text, 3, 4, "stop") for i, text in enumerate(texts)]


def compare(judge, *texts, **settings):
    part = Pairwise(**settings)
    given = solved(*texts)
    return asyncio.run(part.verify(attempt_of(part, PROBLEM, judge), given)), given


def test_each_pair_is_shown_in_both_orders():
    judge = Judge()
    found, _ = compare(judge, "x", "xx", "xxx")
    assert len(judge.shown) == 6 == len(set(judge.shown))
    assert {(v.solution_index, v.against) for v in found} == {
        (i, j) for i in range(3) for j in range(3) if i != j
    }
    assert Pairwise(solutions=3).most_samples(99) == {"verifier": 6}
    assert Pairwise(solutions=8, comparisons=2, orders="one").most_samples(5) == {"verifier": 20}


def test_scores_are_probabilities_between_the_two_letters():
    found, _ = compare(Judge(), "x", "xx")
    first = {(v.solution_index, v.against): v for v in found}
    # P(A) = .6 and P(B) = .2 whatever it says: .75 for whoever comes first
    assert first[0, 1].score == pytest.approx(0.75)
    assert first[1, 0].score == pytest.approx(0.75)
    assert (first[0, 1].verdict, first[1, 0].verdict) == (False, True)
    named, _ = compare(Judge(), "x", "xx", score="binary")
    assert sorted(v.score for v in named) == [0.0, 1.0]


def test_what_a_solution_won_counts_both_orders():
    found, given = compare(Judge(), "x", "xx", "xxx", score="binary")
    drawn = Drawn.of(given, np.arange(3), found)
    np.testing.assert_array_equal(drawn.pairs, [[np.nan, 0, 0], [1, np.nan, 0], [1, 1, np.nan]])
    np.testing.assert_array_equal(drawn.scores, [0, 0.5, 1])
    np.testing.assert_array_equal(drawn.verifications, [2, 2, 2])
    biased, given = compare(Judge(), "x", "xx")
    np.testing.assert_array_equal(Drawn.of(given, np.arange(2), biased).pairs[0, 1], 0.5)


def test_a_budget_leaves_the_first_solutions_compared_with_each_other():
    found, _ = compare(Judge(budget=4), "x", "xx", "xxx", "xxxx")
    assert {(v.solution_index, v.against) for v in found} == {(0, 1), (1, 0), (0, 2), (2, 0)}


@pytest.mark.parametrize("comparisons", [1, 3])
def test_a_pair_is_compared_as_often_in_either_order(comparisons):
    for budget in range(6 * comparisons + 1):
        found, _ = compare(Judge(budget), "x", "xx", "xxx", comparisons=comparisons)
        counts = Counter((v.solution_index, v.against) for v in found)
        assert all(counts[a, b] == counts[b, a] for a, b in counts), budget
        assert (found != []) == (budget > comparisons)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A", "A"),
        (" **B**", "B"),
        ("... Better: A\nNo. Better: B", "B"),
        ("Better: Solution A", "A"),
        ("The better is solution B.", "B"),
        ("Better: tie", "tie"),
        ("A is fine. B is fine.", None),
        ("A better approach is a proof", None),
        ("<think>Better: A", None),
        ("<think>Better: A</think>Better: B", "B"),
        ("", None),
        ("Better: A\nSolution A checks out, B does not.", "A"),
        ("Solution B is better. A makes a sign error in step 2.", None),
        ("So B is better: A is wrong.", None),
        ("Which is better? A or B", None),
        ("Better: A or B", None),
        ("Better: A/B\n", None),
        ("B fails. So the better one is A.", "A"),
        ("**Better:** Solution B", "B"),
        ("Better:\nB", "B"),
        ("better: " * 9999, None),
    ],
)
def test_who_is_named(text, said):
    found = find_letter(text)
    assert (found and found.word) == said
    if found is not None and text:
        assert text[found.start : found.end] == said


def token(text, **ps):
    return TokenLogprob(
        text,
        math.log(next(iter(ps.values()), 1.0)),
        {name.replace("_", " "): math.log(p) for name, p in ps.items()},
    )


def test_a_letter_without_probabilities_has_none():
    assert p_first("A", ()) is None
    assert p_first("Better: tie", (token(" tie", tie=0.5, A=0.5),)) is None
    assert p_first("A", (TokenLogprob("A", -0.1),)) == pytest.approx(math.exp(-0.1))


def test_probabilities_are_read_where_the_letter_is_named():
    named = [token("Better"), token(":"), token(" A", _A=0.5, _B=0.5)]
    later = [token("\n"), token("Solution"), token(" A", _A=0.999, _B=0.001), token(" checks")]
    assert p_first("Better: A\nSolution A checks", [*named, *later]) == pytest.approx(0.5)
    assert p_first("Better: A", named) == pytest.approx(0.5)


def test_a_token_that_is_spelled_in_two_ways_counts_once():
    top = {"ĠB": math.log(0.6), "A": math.log(0.2), "ĠA": math.log(0.1)}
    once = TokenLogprob(" B", math.log(0.6), top)
    assert p_first("Better: B", [token("Better:"), once]) == pytest.approx(0.3 / 0.9)


RECIPE = "verifiers/pairwise"


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    changes = ("dataset.problems=4", "sampler.solutions=6", "verifiers.0.solutions=4")
    folder = tmp_path_factory.mktemp("pairwise")
    return run_recipe(load_recipe(RECIPE, [*changes, f"results={folder}"]))


def test_on_the_embedded_model(outcome):
    found = read_frame(outcome.run.verifications, "verifications")
    assert len(found) == 4 * 12
    assert found["score"].between(0, 1).all()
    pool = load_pool(outcome.run).arrays
    pairs = pool.pairs
    both = pairs + np.swapaxes(pairs, 1, 2)
    assert np.nanmax(np.abs(both - 1)) < 1e-12
    assert (pool.verification_count == 2).all()
    curves = read_frame(outcome.run.curves, "curves")
    played = curves[curves["policy"] == "knockout"].set_index("S")
    assert set(played["V"]) == {2}
    # S - 1 pairs are compared, twice each, beside S solutions
    assert played.loc[4, "calls"] == 4 + 3 * 2
    assert played.loc[2, "calls"] == 2 + 2


def test_tournaments_are_there_when_curves_are_asked_for_again(outcome):
    said = answer(outcome.run, CurveRequest(policies=("knockout",), solutions=(3,)))
    assert said.recomputed
    assert [(row["S"], row["V"]) for row in said.rows] == [(3, 2)]
