"""AB-MCTS: it goes deep where refining helps and wide where it hurts, whatever the prior."""

import asyncio
import re

import pytest
from attempts import attempt_of
from on_nano import check_replay_within
from writers import Writer

from ttc.core import Completion, Problem
from ttc.samplers.ab_mcts import ABMCTS

CRITIC = {
    "type": "genrm",
    "name": "critic",
    "backend": {"type": "nano", "model": "nano-verifier"},
    "prompt": "nano-genrm",
    "score": "boxed",
    "verifications": 1,
}


class Numbers(Writer):
    """Writes a number, new ones `draft`, others `more` above what it is shown; and judges, as the
    share of 10 that a number is, to halves."""

    def __init__(self, draft, more, fails=(), limit=None):
        super().__init__(self._said, limit)
        self.draft, self.more, self.fails = draft, more, fails

    def _said(self, text, number):
        shown = re.search(r"Attempt:\n.*boxed\{(-?\d+)\}", text)
        value = int(shown[1]) + self.more if shown else self.draft
        if text.count("Verification:"):
            value = int(re.search(r"boxed\{(-?\d+)\}", text)[1])
            if value in self.fails:
                return Completion("", "content_filter", 3, 0, error="no")
            return f"\\boxed{{{min(max(value, 0) // 5 / 2, 1)}}}"
        return f"It is \\boxed{{{value}}}"


def searched(model, of="p", **settings):
    sampler = ABMCTS(critic=CRITIC, **{"solutions": 24, **settings})
    attempt = attempt_of(sampler, Problem(of, "Which number?", ""), model)
    found = asyncio.run(sampler.solve(attempt))
    answers = attempt._record.answers()
    return [int(one.answer) for one in found], answers, attempt._record


@pytest.mark.parametrize("prior", ["gaussian", "beta"])
@pytest.mark.parametrize("batch", [1, 4])
def test_it_refines_where_that_helps_and_draws_anew_where_it_hurts(prior, batch):
    def refined(draft, more):
        """How many of 24 solutions are refinements, over some problems."""
        found = [
            searched(Numbers(draft, more), of=name, prior=prior, batch=batch)[0]
            for name in "abcdef"
        ]
        assert {len(values) for values in found} == {24}
        return sum(value != draft for values in found for value in values) / len(found)

    assert refined(0, 10) > 12 > refined(10, -10)


def test_the_answer_is_the_first_of_the_highest_score():
    values, answers, record = searched(Numbers(5, 2))
    final = record.solutions[answers[-1].solution_index]
    assert int(final.answer) == next(value for value in values if value >= 10)


def test_a_refinement_hangs_under_what_it_refines():
    _, _, record = searched(Numbers(5, 2))
    rows = record.trace()
    value = {i: int(s.answer) for i, s in record.solutions.items()}
    made = {record.made_of[i][0].number: value[i] for i in value}
    under = [(made[r.number], made[r.after]) for r in rows if r.role == "solver" and r.after]
    assert under
    assert all(child == parent + 2 for child, parent in under)


def test_what_could_not_be_scored_is_no_node_and_no_answer_where_others_have_scores():
    values, answers, record = searched(Numbers(5, 2, fails=(7,)), solutions=12)
    assert set(values) == {5, 7}, "nothing was made of a 7"
    assert {int(record.solutions[a.solution_index].answer) for a in answers} == {5}


def test_nothing_to_score_with():
    values, answers, _ = searched(Numbers(5, 2, fails=(5,)), solutions=6)
    assert values == [5] * 6
    assert [one.solution_index for one in answers] == [0]


def test_at_the_end_of_a_budget_it_answers_with_the_best_it_has():
    values, answers, _ = searched(Numbers(5, 2, limit=9))
    assert values
    assert answers


def test_on_nano_within_a_budget(tmp_path):
    critic = {**CRITIC, "score": "hybrid", "temperature": 1.0, "max_tokens": 96}
    sampler = {
        "type": "ab-mcts",
        "draw": {"temperature": 1.0, "max_tokens": 96},
        "critic": critic,
        "reviser": {"type": "nano", "model": "nano-roles"},
        "revise_prompt": "nano-revise",
    }
    check_replay_within(tmp_path, sampler, 900)
