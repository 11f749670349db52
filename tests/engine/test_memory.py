"""A run may draw any number of samples, so the engine keeps nothing of those it handed out."""

import asyncio
import gc
import weakref
from typing import Literal

import pytest

from ttc.answers import AnswerRule
from ttc.attempt.live import World
from ttc.budget.cost import CostConfig
from ttc.budget.ledger import BudgetConfig
from ttc.core import Ask, Capabilities, Completion, ModelIdentity, Problem, Prompt, SamplingParams
from ttc.engine.engine import Engine
from ttc.pipeline.collect import Method
from ttc.samplers import SamplerPart


class Fake:
    """Answers at once."""

    capabilities = Capabilities(raw=True, seed=True, deterministic=True)

    async def identify(self):
        return ModelIdentity("fake", "fake", revision="1")

    def count_tokens(self, prompt):
        return 5

    async def complete(self, call):
        return [Completion(f"text {seed}", "stop", 5, 1) for seed in call.seeds]

    async def close(self):
        pass


def objects():
    """Without weak references: SQLite's connections make some and clear them out now and then."""
    gc.collect()
    return sum(type(thing) is not weakref.ReferenceType for thing in gc.get_objects())


def test_objects_do_not_grow_with_samples(tmp_path):
    async def run():
        engine = Engine(
            journal=tmp_path / "journal.sqlite",
            budget=BudgetConfig(per_run={"tokens": 1e6}),
            cost=CostConfig(),
            seed=0,
            problems=["a"],
        )
        counts = []
        async with engine:
            model = await engine.attach(Fake())

            async def draw(start, n):
                prompt, params = Prompt(text="1+1?"), SamplingParams(max_tokens=10)
                where = {"problem_id": "a", "role": "solver", "start": start}
                assert len(await model.sample(prompt, params, n, **where)) == n

            for begin in 0, 400:
                for start in range(begin, begin + 400, 50):
                    await draw(start, 50)
                # The journal's thread holds what it wrote last until there is something new.
                await draw(800 + begin, 1)
                counts.append(objects())
        return counts

    early, late = asyncio.run(run())
    assert late - early < 100, "though 400 samples more were drawn"


class Steps(SamplerPart):
    """Every request continues the last one, with all that came before it."""

    type: Literal["steps"] = "steps"
    steps: int = 40

    async def solve(self, attempt):
        last, text = None, "x" * 1000
        for _ in range(self.steps):
            ask = Ask(Prompt(text=text), SamplingParams(max_tokens=10), after=last)
            ((last,),) = await attempt.sample(ask)
            text += last.completion.text
        return [attempt.solution(last.completion.text, [last])]


def engine_of(folder, problems):
    return Engine(
        journal=folder / "journal.sqlite",
        budget=BudgetConfig(per_run={"tokens": 1e7}),
        cost=CostConfig(),
        seed=0,
        problems=problems,
    )


def test_a_search_of_many_steps_leaves_nothing_and_no_circles(tmp_path):
    """Not even for the garbage collector, which comes seldom while a run goes on."""

    async def run():
        problems = [Problem(f"p{i}", "?", "1") for i in range(30)]
        counts = []
        async with engine_of(tmp_path, [p.id for p in problems]) as engine:
            models = {("sampler",): {"backend": await engine.attach(Fake())}}
            world = World(models, AnswerRule(), "cot", 0, ledger=engine.ledger)
            method = Method(Steps(), (), world)
            gc.collect()
            gc.disable()
            for i, problem in enumerate(problems):
                await method.attempt(problem)
                if i in (9, 29):
                    counts.append(len(gc.get_objects()))
        return counts

    try:
        early, late = asyncio.run(run())
    finally:
        gc.enable()
    assert late - early < 20 * 40, "of 800 calls more, not one object each"


def test_a_chain_keeps_no_text_of_its_steps(tmp_path):
    """A step keeps some numbers until its problem ends, however long what it continues is."""

    async def run(steps):
        async with engine_of(tmp_path, ["p"]) as engine:
            models = {("sampler",): {"backend": await engine.attach(Fake())}}
            world = World(models, AnswerRule(), "cot", 0, ledger=engine.ledger)
            kept = []

            class Watched(Steps):
                async def solve(self, attempt):
                    found = await super().solve(attempt)
                    gc.collect()
                    kept.append(sum(isinstance(o, Prompt) for o in gc.get_objects()))
                    kept.append(sum(isinstance(o, Completion) for o in gc.get_objects()))
                    return found

            await Method(Watched(steps=steps), (), world).attempt(Problem("p", "?", "1"))
            return kept

    few, many = asyncio.run(run(3)), asyncio.run(run(40))
    assert few == pytest.approx(many, abs=2)
