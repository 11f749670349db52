"""Branches of an attempt: side by side, each by itself, and numbered alike in every run."""

import asyncio
import random
from collections.abc import Sequence
from typing import Literal

import pytest
from attempts import attempt_of
from hypothesis import given
from hypothesis import strategies as st

from ttc.attempt.record import Record
from ttc.core import (
    Ask,
    Attempt,
    Capabilities,
    Completion,
    ModelIdentity,
    Problem,
    Prompt,
    SamplingParams,
    Solution,
)
from ttc.errors import UsageError
from ttc.samplers import SamplerPart

PROBLEM = Problem("p", "1+1?", "2")
ASK = Ask(Prompt(text="q"), SamplingParams(), 2)


class Late:
    """Says the number of each sample, some time later."""

    capabilities = Capabilities()
    identity = ModelIdentity("test", "m")

    def __init__(self, seed=0):
        self._random = random.Random(seed)
        self.cached = []

    async def sample(self, prompt, params, n, *, problem_id, role, start=0, place=(), cached=0):
        self.cached.append((prompt.text, cached))
        for _ in range(self._random.randrange(9)):
            await asyncio.sleep(0)
        return [
            Completion(f"{start + i}", "stop", 5, 2, seconds=1.0, charged=0 if i else 5)
            for i in range(n)
        ]


class Plain(SamplerPart):
    """Holds nothing."""

    type: Literal["plain"] = "plain"


async def chain(attempt: Attempt, steps: int) -> list[Solution]:
    found = []
    for _ in range(steps):
        ((sample, _),) = await attempt.sample(ASK)
        found.append(attempt.solution(sample.completion.text, [sample]))
    return found


async def tree(attempt: Attempt, lengths: Sequence[int]) -> list[Solution]:
    """Branches of several lengths, the first of which splits once more."""
    branches = attempt.split(*[1 / len(lengths)] * len(lengths))
    inner = branches[0].split(0.5, 0.5)
    work = [chain(b, n) for b, n in zip(branches[1:], lengths[1:], strict=True)]
    rows = await asyncio.gather(*(chain(b, lengths[0]) for b in inner), *work)
    return [one for row in rows for one in row]


@given(st.lists(st.integers(1, 4), min_size=2, max_size=4), st.integers(0, 99))
def test_what_is_written_down_does_not_depend_on_who_was_faster(lengths, seed):
    def play(seed):
        attempt = attempt_of(Plain(), PROBLEM, Late(seed))
        found = asyncio.run(tree(attempt, lengths))
        record: Record = attempt._record
        stored = record.with_samples(record.settle(found))
        return stored, record.trace(), [b.rng.random() for b in record.root.tree()]

    assert play(seed) == play(seed + 1)
    stored, trace, random_numbers = play(seed)
    assert [s.index for s in stored] == list(range(len(stored)))
    assert [t.number for t in trace] == list(range(len(trace)))
    assert len(set(random_numbers)) == len(random_numbers)
    texts = [s.text for s in stored]
    assert len(set(texts)) == len(texts), "branches that ask for the same get samples of their own"
    kept = {t.number for t in trace if t.fate == "kept"}
    assert kept == {s.first_sample for s in stored}
    assert len(trace) == 2 * len(stored)


def test_a_branch_and_what_it_is_split_from_ask_in_turn():
    async def play():
        attempt = attempt_of(Plain(), PROBLEM, Late())
        one, other = attempt.split(0.5, 0.5)
        await asyncio.gather(one.sample(ASK), other.sample(ASK))
        with pytest.raises(UsageError, match="two requests"):
            await asyncio.gather(attempt.sample(ASK), one.sample(ASK))

    asyncio.run(play())


@pytest.mark.parametrize("shares", [(0.6, 0.6), (-0.1, 0.5), (1.2,)])
def test_shares_are_parts_of_a_whole(shares):
    with pytest.raises(UsageError, match="shares"):
        attempt_of(Plain(), PROBLEM, Late()).split(*shares)


def test_an_answer_costs_what_the_attempt_has_used_by_then():
    async def play():
        attempt = attempt_of(Plain(), PROBLEM, Late())
        (first,) = await chain(attempt, 1)
        attempt.answer(first)
        one, other = attempt.split(0.5, 0.5)
        rows = await asyncio.gather(chain(one, 3), chain(other, 1))
        attempt.answer(rows[0][-1])
        (last,) = await chain(attempt, 1)
        attempt.answer(last)
        return attempt._record.answers()

    answers = asyncio.run(play())
    assert [a.final for a in answers] == [False, False, True]
    assert [a.spent.completion_tokens for a in answers] == [4, 20, 24]
    assert [a.spent.amounts["calls"] for a in answers] == [2, 10, 12]
    # Branches wait for themselves only: 1, then the longer one's 3, then 1.
    assert [a.spent.latency for a in answers] == [1, 4, 5]
    assert [a.spent.seconds for a in answers] == [2, 10, 12]


def test_an_answer_is_a_solution_of_the_attempt():
    attempt = attempt_of(Plain(), PROBLEM, Late())
    with pytest.raises(UsageError, match="an answer is a solution"):
        attempt.answer(Solution("p", 7, "x", "x", 1, 1, "stop"))


def test_what_the_way_here_has_computed_is_not_computed_again():
    async def play():
        model = Late()
        attempt = attempt_of(Plain(), PROBLEM, model)
        ((step, _),) = await attempt.sample(ASK)
        (branch,) = attempt.split(1.0)
        await branch.sample(ASK)
        for text in (f"q{step.completion.text} on", "q and on", "on q"):
            await branch.sample(Ask(Prompt(text=text), SamplingParams(), 1, after=step))
        await attempt.sample(Ask(Prompt(text="other"), SamplingParams()))
        return model.cached

    asked = asyncio.run(play())
    assert asked[0] == ("q", 0)
    assert asked[1][1] > 10**6
    assert [cached for _, cached in asked[2:5]] == [6, 5, 0]  # one byte is no two tokens
    assert asked[5] == ("other", 0)


def test_what_the_budget_refused_was_not_computed():
    class Poor(Late):
        left = 0

        async def sample(self, prompt, params, n, **more):
            return (await super().sample(prompt, params, n, **more))[: self.left]

    async def play():
        model = Poor()
        attempt = attempt_of(Plain(), PROBLEM, model)
        await attempt.sample(ASK, ASK)
        Poor.left = 2
        await attempt.sample(ASK)
        await attempt.sample(ASK)
        return [cached > 0 for _, cached in model.cached]

    assert asyncio.run(play()) == [False, True, False, True]
