"""A run may draw any number of samples, so the engine keeps nothing of those it handed out."""

import asyncio
import gc
import weakref

from ttc.budget.cost import CostConfig
from ttc.budget.ledger import BudgetConfig
from ttc.core import Capabilities, Completion, ModelIdentity, Prompt, SamplingParams
from ttc.engine.engine import Engine


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
