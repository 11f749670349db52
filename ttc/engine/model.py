"""A backend behind the engine: what samplers and verifiers hold."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import asdict
from functools import partial
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING

from ttc.budget.cost import Rates, Unit
from ttc.core import (
    Backend,
    Call,
    Capabilities,
    Completion,
    ModelIdentity,
    Prompt,
    Purpose,
    RemoteBackend,
    SamplingParams,
)
from ttc.engine.bounds import token_bound
from ttc.engine.calling import Caller
from ttc.engine.claims import Claims
from ttc.engine.drawing import Chunk, Drawing, Found
from ttc.engine.journal import Journal
from ttc.engine.turns import Turns
from ttc.errors import BudgetExhausted

if TYPE_CHECKING:
    from ttc.engine.engine import Engine


class EngineModel:
    """See `ttc.core.Model`."""

    def __init__(
        self,
        engine: Engine,
        backend: Backend,
        identity: ModelIdentity,
        rates: Rates,
        journal: Journal,
        claims: Claims,
        caller: Caller,
    ) -> None:
        self._engine = engine
        self._backend = backend
        self._identity = identity
        self._rates = rates
        self._journal = journal
        self._claims = claims
        self._caller = caller
        self.turns = Turns()
        self._group = max(1, min(backend.capabilities.max_n, engine.settings.n_per_call))
        servers = len(backend.endpoints) if isinstance(backend, RemoteBackend) else 1
        # Enough calls to keep all servers busy; each that waits costs some kilobytes.
        self._window = 2 * servers * engine.settings.concurrency

    @property
    def capabilities(self) -> Capabilities:
        return self._backend.capabilities

    @property
    def identity(self) -> ModelIdentity:
        return self._identity

    async def sample(
        self,
        prompt: Prompt,
        params: SamplingParams,
        n: int,
        *,
        problem_id: str,
        purpose: Purpose,
        start: int = 0,
    ) -> Sequence[Completion]:
        work = _Work(self, prompt, params, problem_id, purpose)
        drawing = Drawing(self._window)
        claimed = False
        try:
            # Tickets are taken one after the other without waiting for any other request of the
            # problem, which fixes their order and so what the budget admits.
            async with self._engine.ledger.turn(problem_id):
                claimed = await self._claims.take(work.content, self._engine.ledger.seconds_left)
                chunks = _chunks(start, n, self._group)
                for first in range(0, len(chunks), self._window):
                    if not await drawing.goes_on():
                        break
                    block = chunks[first : first + self._window]
                    await self._draw_block(work, problem_id, block, drawing)
            found = await drawing.completions()
        except BaseException:
            await drawing.cancel()
            raise  # with the claim: the journal may have some yet to write, until it is closed
        if claimed:
            self._claims.release(work.content)
        return found

    async def _draw_block(
        self, work: _Work, problem: str, block: Sequence[Chunk], drawing: Drawing
    ) -> None:
        """Begin to draw what the budget admits of a block."""
        # One look-up for all samples: it costs a thread's attention, however many they are.
        end = block[-1].start + block[-1].n
        known = asyncio.create_task(work.look_up(range(block[0].start, end)))
        drawing.looks.append(known)
        left = sum(chunk.n for chunk in block)
        async for part in self._admitted(work, problem, block):
            drawing.add(part, asyncio.create_task(work.draw(part, known)))
            left -= part.n
        drawing.refused = left > 0

    async def _admitted(
        self, work: _Work, problem: str, chunks: Sequence[Chunk]
    ) -> AsyncIterator[Chunk]:
        """What the budget lets be drawn, in order; near its end in parts of chunks."""
        for chunk in chunks:
            rest = chunk
            while rest.n:
                worst = partial(work.worst, rest)
                n = await self._engine.ledger.admit(problem, rest.n, worst)
                if not n:
                    return
                yield Chunk(rest.start, n)
                rest = Chunk(rest.start + n, rest.n - n)


class _Work:
    """One `sample` request: its keys, its worst case, and how its chunks are drawn."""

    def __init__(
        self,
        model: EngineModel,
        prompt: Prompt,
        params: SamplingParams,
        problem_id: str,
        purpose: Purpose,
    ) -> None:
        self._model = model
        self._prompt = prompt
        self._params = params
        self._problem = problem_id
        self._purpose: Purpose = purpose
        self.content = _content(model, prompt, params)
        counted = model._backend.count_tokens(prompt)
        self._bound = token_bound(prompt) if counted is None else counted
        self._once = model._engine.cost.shared_prompt == "once"
        self._worst: dict[tuple[int, int], dict[Unit, float]] = {}

    def _prompt_share(self, chunk: Chunk, samples: int) -> int:
        """How many times the prompt is charged for these samples."""
        if self._once:
            return 1 if chunk.start == 0 else 0
        return samples

    def worst(self, chunk: Chunk, samples: int) -> dict[Unit, float]:
        """Amounts that no reply to this chunk can exceed."""
        share = self._prompt_share(chunk, samples)
        if (samples, share) not in self._worst:
            longest = [self._params.max_tokens] * samples
            self._worst[samples, share] = self._model._rates.of_samples(self._bound, longest, share)
        return self._worst[samples, share]

    def _key(self, index: int) -> bytes:
        return hashlib.blake2b(
            self.content + index.to_bytes(8, "big"), digest_size=16, person=b"ttc-sample"
        ).digest()

    def _seed(self, index: int) -> int:
        digest = hashlib.blake2b(
            self.content + index.to_bytes(8, "big"), digest_size=4, person=b"ttc-seed"
        ).digest()
        return int.from_bytes(digest, "big") & 0x7FFFFFFF

    async def look_up(self, indices: Iterable[int]) -> Found:
        """What the journal has of these samples."""
        return await self._model._journal.get([self._key(index) for index in indices])

    async def draw(self, chunk: Chunk, known: asyncio.Task[Found]) -> list[Completion]:
        """The chunk's samples from the journal or the model, journalled and settled.

        known: the look-up that began before; of no use where the chunk had to wait for its ticket.
        """
        old = known.done()
        reserved = self.worst(chunk, chunk.n)
        keys = [self._key(chunk.start + i) for i in range(chunk.n)]
        found: Found = {}
        cached = 0
        try:
            # Problems may share a question: whoever comes second finds the first one's samples.
            async with self._model.turns(keys[0]) as alone:
                there = await (known if alone and not old else self._model._journal.get(keys))
                found = {key: there[key] for key in keys if key in there}
                cached = len(found)
                if cached:
                    self._model._engine.events.drawn(self._purpose, cached, 0, cached=True)
                await self._draw_missing(chunk, keys, found)
        finally:
            drawn = [found[key] for key in keys if key in found]
            self._settle(chunk, reserved, drawn, cached)
        return [found[key] for key in takewhile(found.__contains__, keys)]

    async def _draw_missing(self, chunk: Chunk, keys: Sequence[bytes], found: Found) -> None:
        """Ask for what is not found, until it is or the run's time is up."""
        missing = [i for i, key in enumerate(keys) if key not in found]
        engine = self._model._engine
        while missing:
            try:
                fresh = await self._ask([chunk.start + i for i in missing])
            except BudgetExhausted:
                engine.ledger.came_late(self._problem)
                break
            entries = [(keys[i], c) for i, c in zip(missing, fresh, strict=False)]
            there = await self._model._journal.put(entries)
            found.update(entries)
            found.update(there)  # a run that could not be seen was faster
            missing = missing[len(entries) :]
            tokens = sum(c.completion_tokens for _, c in entries)
            engine.events.drawn(self._purpose, len(entries), tokens, cached=False)

    async def _ask(self, indices: Sequence[int]) -> list[Completion]:
        call = Call(self._prompt, self._params, tuple(map(self._seed, indices)), tuple(indices))
        most = self._bound + self._params.max_tokens * len(indices)
        return await self._model._caller.call(call, most)

    def _settle(
        self,
        chunk: Chunk,
        reserved: dict[Unit, float],
        drawn: Sequence[Completion],
        cached: int,
    ) -> None:
        longest = max((c.prompt_tokens for c in drawn), default=0)
        prefills = self._prompt_share(chunk, len(drawn))
        lengths = [c.completion_tokens for c in drawn]
        self._model._engine.ledger.settle(
            self._problem,
            self._purpose,
            reserved,
            self._model._rates.of_samples(longest, lengths, prefills),
            prompt_tokens=longest * prefills,
            completion_tokens=sum(lengths),
            samples=len(drawn),
            paid=1 - cached / len(drawn) if drawn else 0.0,
        )


def _chunks(start: int, n: int, group: int) -> list[Chunk]:
    """Cut at multiples of `group`, so that the same samples always share a call."""
    cuts = [start, *range((start // group + 1) * group, start + n, group), start + n]
    return [Chunk(a, b - a) for a, b in pairwise(cuts) if b > a]


def _content(model: EngineModel, prompt: Prompt, params: SamplingParams) -> bytes:
    """Digest of everything that determines the samples of a prompt, but for their index."""
    per_sample_seeds = model.capabilities.deterministic
    content = {
        "model": model.identity.scope,
        "prompt": asdict(prompt),
        "params": asdict(params),
        "seed": model._engine.seed,
        "group": 1 if per_sample_seeds else model._group,
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
