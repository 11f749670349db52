"""What a method holds: what it may do, and what is written down of it."""

import asyncio
from typing import Literal

import numpy as np
import pytest
from attempts import attempt_of

from ttc.answers import AnswerRule
from ttc.attempt.live import World
from ttc.core import (
    Ask,
    Capabilities,
    Completion,
    ModelIdentity,
    Problem,
    Prompt,
    SamplingParams,
    Solution,
)
from ttc.errors import UsageError
from ttc.refs import VerifierRef
from ttc.samplers import SamplerPart
from ttc.samplers.independent import Independent
from ttc.verifiers.genrm import GenRM

PROBLEM = Problem("p", "1+1?", "2")
ASK = Ask(Prompt(text="q"), SamplingParams(), 2)


class Model:
    """Says the number of each sample; has at most so many of each request."""

    capabilities = Capabilities()
    identity = ModelIdentity("test", "m")

    def __init__(self, most=100, words="{}"):
        self.most, self.words, self.asked = most, words, []

    async def sample(self, prompt, params, n, *, problem_id, role, start=0, **_):
        self.asked.append((prompt.text, role))
        await asyncio.sleep(0)
        numbers = range(start, start + min(n, self.most))
        return [Completion(self.words.format(i), "stop", 5, 2, mean_logprob=-1.0) for i in numbers]


class Holding(SamplerPart):
    """Holds a verifier."""

    type: Literal["holding"] = "holding"
    critic: VerifierRef


def texts(rows):
    return [[sample.completion.text for sample in row] for row in rows]


def test_samples_are_numbered_in_the_order_of_the_asks():
    attempt = attempt_of(Independent(), PROBLEM, Model())
    (first,), second = asyncio.run(attempt.sample(ASK)), asyncio.run(attempt.sample(ASK, ASK))
    assert texts([first]) == [["0", "1"]]
    assert texts(second)[0] == ["2", "3"]
    assert len({text for row in texts([first, *second]) for text in row}) == 6
    assert [s.number for row in (first, *second) for s in row] == list(range(6))
    child = asyncio.run(attempt.sample(Ask(ASK.prompt, ASK.params, after=first[1])))
    assert child[0][0].after == 1


def test_a_budgets_end_is_told():
    attempt = attempt_of(Independent(), PROBLEM, Model(most=1))
    assert not attempt.refused
    assert texts(asyncio.run(attempt.sample(ASK))) == [["0"]]
    assert attempt.refused


def test_two_requests_at_a_time_are_refused():
    attempt = attempt_of(Independent(), PROBLEM, Model())

    async def both():
        await asyncio.gather(attempt.sample(ASK), attempt.sample(ASK))

    with pytest.raises(UsageError, match="one `sample`"):
        asyncio.run(both())


def test_gold_answers_are_out_of_reach():
    attempt = attempt_of(Independent(), PROBLEM, Model())
    assert attempt.problem.answer == ""
    assert attempt.problem.question == PROBLEM.question


def test_a_solution_adds_up_what_it_is_made_of():
    attempt = attempt_of(Independent(), PROBLEM, Model())
    (row,) = asyncio.run(attempt.sample(ASK))
    one, two = attempt.solution("a \\boxed{2}", row, ["a", "\\boxed{2}"]), attempt.solution("b", [])
    assert (one.index, one.answer, one.completion_tokens, one.prompt_tokens) == (0, "2", 4, 5)
    assert (one.mean_logprob, one.steps) == (-1.0, ("a", "\\boxed{2}"))
    assert (two.index, two.answer, two.completion_tokens) == (1, None, 0)


def test_classes_know_no_gold():
    attempt = attempt_of(Independent(), PROBLEM, Model())
    given = [attempt.solution(t, []) for t in ("\\boxed{2}", "?", "\\boxed{2.0}", "\\boxed{3}")]
    assert attempt.classes(given).tolist() == [0, -1, 0, 1]


def test_a_verifier_judges_with_its_own_model_and_is_written_down():
    judge = GenRM(verifications=2, score="binary")
    sampler = Holding(critic=judge)
    solver, model = Model(), Model(words="sample {}. Is the answer correct (Yes/No)? Yes")
    attempt = attempt_of(sampler, PROBLEM, solver)
    attempt._world.models["critic",] = {"backend": model}
    given = [attempt.solution("2", []), attempt.solution("3", [])]
    first = asyncio.run(attempt.judge(judge, given))
    again = asyncio.run(attempt.judge(judge, given[:1]))
    assert not solver.asked
    assert {role for _, role in model.asked} == {"critic"}
    assert [(v.solution_index, v.index) for v in first + again] == [
        *((s, i) for s in (0, 1) for i in (0, 1)),
        *((0, i) for i in (2, 3)),
    ]
    assert attempt._record.verifications() == first + again
    assert len({v.text for v in first[:2] + again}) == 4


def test_a_verifier_that_is_no_field_of_the_part_is_refused():
    attempt = attempt_of(Independent(), PROBLEM, Model())
    with pytest.raises(UsageError, match="Independent has no such verifier"):
        asyncio.run(attempt.judge(GenRM(), []))


def test_randomness_follows_from_seed_and_problem():
    def draws(seed, problem):
        world = World({}, AnswerRule(), "cot", seed)
        return world.begin(Problem(problem, "", "")).root.rng.random(3)

    assert np.array_equal(draws(0, "p"), draws(0, "p"))
    assert not np.array_equal(draws(0, "p"), draws(1, "p"))
    assert not np.array_equal(draws(0, "p"), draws(0, "q"))


def test_branches_are_told_as_if_one_came_after_the_other():
    attempt = attempt_of(Independent(), PROBLEM, Model())

    async def ask(desk, n):
        (row,) = await desk.sample(Ask(ASK.prompt, ASK.params, n))
        desk.answer(desk.solution("x", row))

    async def work():
        await ask(attempt, 1)
        one, two = attempt.split(0.5, 0.5)
        await asyncio.gather(ask(one, 2), ask(two, 3))
        for inner in two.split(0.5, 0.5):
            await ask(inner, 1)
        await ask(two, 1)
        await ask(attempt, 2)
        (last,) = attempt.split(1.0)
        await ask(last, 4)

    asyncio.run(work())
    record = attempt._record
    answers = record.answers()
    branches = ["", "0", "1", "1.0", "1.1", "1", "", "2"]
    assert [a.branch for a in answers] == branches
    drawn = np.cumsum([1, 2, 3, 1, 1, 1, 2, 4]).tolist()
    assert [a.spent.amounts["calls"] for a in answers] == drawn
    assert [a.spent.completion_tokens for a in answers] == [2 * n for n in drawn]
    assert [a.final for a in answers] == [False] * 7 + [True]
    trace = record.trace()
    assert [t.number for t in trace] == list(range(15))
    assert [trace[n - 1].branch for n in drawn] == branches


def test_who_says_no_answer_gives_the_last_solution():
    attempt = attempt_of(Independent(), PROBLEM, Model())
    found = asyncio.run(Independent(solutions=3).solve(attempt))
    attempt._record.conclude(found)
    (answer,) = attempt._record.answers()
    assert (answer.solution_index, answer.final, answer.spent.amounts["calls"]) == (2, True, 3.0)
    attempt._record.conclude(found[:1])
    assert len(attempt._record.answers()) == 1


def test_the_samples_of_a_solution_are_there_with_their_prompts():
    attempt = attempt_of(Independent(), PROBLEM, Model())
    (row,) = asyncio.run(attempt.sample(ASK))
    made = attempt.solution("\\boxed{2}", row)
    assert list(attempt.samples(made)) == row
    assert {sample.prompt for sample in row} == {ASK.prompt}
    with pytest.raises(UsageError, match="attempt that made it"):
        attempt.samples(Solution("p", 7, "", None, 0, 0, "stop"))
