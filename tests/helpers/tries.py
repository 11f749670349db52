"""Tries at problems on a bare engine, which end where a server of the test's own says so."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from ttc.core import Prompt, SamplingParams
from ttc.engine.engine import Engine

MAX_TOKENS = 12


class Stopped(Exception):
    """The test ends a try."""


async def solved_and_verified(
    engine: Engine,
    server: Any,
    problems: Sequence[str],
    *,
    solutions: int,
    verifications: int,
    finish: bool = True,
) -> dict[str, Any]:
    """Texts of solutions of all problems and of verifications of each, in as many rounds as it
    takes.

    Raises `Stopped` when `server.stopped` is set, an event that this makes; finish: having waited
    for the calls under way.
    """
    server.stopped = asyncio.Event()
    async with engine:
        model = await engine.attach(server)

        async def ask(problem, text, n, role):
            params = SamplingParams(max_tokens=MAX_TOKENS)
            found = await model.sample(Prompt(text=text), params, n, problem_id=problem, role=role)
            return [c.text for c in found]

        async def one(problem):
            drawn = await ask(problem, problem, solutions, "solver")
            judged = [ask(problem, f"{t} ok?", verifications, "verifier") for t in drawn if t]
            return drawn, await asyncio.gather(*judged)

        async def sweeps():
            while True:
                done = await asyncio.gather(*map(one, problems))
                if not engine.next_round():
                    return dict(zip(problems, done, strict=True))

        async def until_stopped():
            await server.stopped.wait()
            if finish:
                await engine.finish_calls()
            raise Stopped

        work, watch = asyncio.create_task(sweeps()), asyncio.create_task(until_stopped())
        try:
            await asyncio.wait([work, watch], return_when=asyncio.FIRST_COMPLETED)
            if watch.done():
                await watch
            return await work
        finally:
            for task in (work, watch):
                task.cancel()
            await asyncio.gather(work, watch, return_exceptions=True)
