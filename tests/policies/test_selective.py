"""Selective branching: inside its region it stops, outside it draws on or withholds."""

import asyncio

import numpy as np
from attempts import attempt_of

from ttc.analysis.drawn import Drawn
from ttc.core import Capabilities, Completion, ModelIdentity, Problem
from ttc.policies.selective import Selective, features
from ttc.samplers.adaptive import Adaptive


def drawn(classes, confidence=()):
    more = {"confidence": np.log(confidence)} if len(confidence) else {}
    n = len(classes)
    return Drawn(np.array(classes), np.full(n, np.nan), np.zeros(n, int), more)


def test_features_by_hand():
    some = drawn([0, 0, 1, 0, -1, 1, 1, 1], [0.9, 0.9, 0.1, 0.9, 0.5, 0.1, 0.1, 0.1])
    margin, probability = features(some, 5)
    assert np.isclose(margin, 2 / 5)  # three against one, of five
    assert np.isclose(probability, 0.9)
    assert features(drawn([-1, -1]), 2)[0] == 0.0


def test_inside_it_stops_and_outside_it_goes_on():
    rule = Selective(window=3, margin=0.3)
    assert rule.used(drawn([0, 0, 1, 1, 1, 1])) == 3
    assert rule.picks(drawn([0, 0, 1, 1, 1, 1]), ()) == 0
    assert rule.used(drawn([0, 1, 2, 1, 1, 1])) == 6
    assert rule.picks(drawn([0, 1, 2, 1, 1, 1]), ()) == 1
    strict = Selective(window=3, margin=0.3, otherwise="withhold")
    assert strict.used(drawn([0, 1, 2, 1, 1, 1])) == 3
    assert strict.picks(drawn([0, 1, 2, 1, 1, 1]), ()) == -1
    assert strict.picks(drawn([0, 0, 1, 1, 1, 1]), ()) == 0


def test_agreement_of_unsure_solutions_is_not_enough():
    rule = Selective(window=2, margin=1, probability=0.8)
    assert rule.reads == {"confidence"}
    assert rule.used(drawn([0, 0, 1, 1], [0.9, 0.9, 0.5, 0.5])) == 2
    assert rule.used(drawn([0, 0, 1, 1], [0.7, 0.7, 0.5, 0.5])) == 4
    assert rule.used(drawn([0, 0, 1, 1])) == 4  # nobody knows the probabilities


class Different:
    """A model that never says the same."""

    capabilities = Capabilities()
    identity = ModelIdentity("test", "m")

    async def sample(self, prompt, params, n, *, problem_id, role, start=0, **_):
        return [Completion(f"The answer is {start + i}.", "stop", 5, 2) for i in range(n)]


def test_live_what_is_withheld_is_no_answer():
    """The last solution would be taken for the answer, were nothing said."""
    sampler = Adaptive(rule=Selective(window=3, margin=0.5, otherwise="withhold"), most=9)
    attempt = attempt_of(sampler, Problem("p", "?", "2"), Different())
    found = asyncio.run(sampler.solve(attempt))
    assert len(found) == 3
    attempt._record.conclude(found)
    (answer,) = attempt._record.answers()
    said = attempt._record.solutions[answer.solution_index]
    assert (said.text, said.answer) == ("", None)
