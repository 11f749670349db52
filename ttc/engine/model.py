"""A backend behind the engine: what samplers and verifiers hold."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import count, pairwise, takewhile
from typing import TYPE_CHECKING

from ttc.budget.cost import Rates
from ttc.budget.rounds import Amounts, added
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
from ttc.engine.charges import NOTHING, Charges, Prompts, Vain
from ttc.engine.claims import Claims
from ttc.engine.drawing import Chunk, Drawing, Found
from ttc.engine.failures import TOO_LONG
from ttc.engine.journal import Journal
from ttc.engine.trust import Trust
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
        self.trust: dict[Purpose, Trust] = {
            purpose: Trust(identity.model, purpose, engine.events.failures)
            for purpose in engine.ledger.spent
        }
        self.turns = Turns()
        self._served = isinstance(backend, RemoteBackend)
        self.prompts = Prompts(
            identity.model, careful=self._served and engine.budget.depends_on_prompts
        )
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
        except BaseException as error:
            try:
                await self._engine.failing(error)
            finally:
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
        async for part, reserved in self._admitted(work, problem, block):
            drawing.add(part, asyncio.create_task(work.draw(part, reserved, known)))
            left -= part.n
        drawing.refused = left > 0

    async def _admitted(
        self, work: _Work, problem: str, chunks: Sequence[Chunk]
    ) -> AsyncIterator[tuple[Chunk, Amounts]]:
        """What the budget lets be drawn and reserves, in order; near its end in parts of chunks."""
        for chunk in chunks:
            rest = chunk
            while rest.n:
                await self.prompts.turn()
                worst = partial(work.worst, rest)
                n = await self._engine.ledger.admit(problem, rest.n, worst)
                if not n:
                    self.prompts.over()
                    return
                yield Chunk(rest.start, n), worst(n)
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
        self._trust = model.trust[purpose]
        self._hopeless: Completion | None = None
        self.content = _content(model, prompt, params)
        counted = model._backend.count_tokens(prompt)
        self._bound = token_bound(prompt) if counted is None else counted
        self._charges = Charges(
            model._rates,
            model.prompts,
            self._bound,
            params.max_tokens,
            once=model._engine.cost.shared_prompt == "once",
            served=model._served,
        )
        self._worst: dict[tuple[bool, int, int], Amounts] = {}

    def worst(self, chunk: Chunk, samples: int) -> Amounts:
        """Amounts that no reply to this chunk can exceed."""
        key = (chunk.start == 0, samples, self._charges.most_prompt_tokens)
        if key not in self._worst:
            self._worst[key] = self._charges.worst(chunk.start, samples)
        return self._worst[key]

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

    async def draw(
        self, chunk: Chunk, reserved: Amounts, known: asyncio.Task[Found]
    ) -> list[Completion]:
        """The chunk's samples from the journal or the model, journalled and settled.

        known: the look-up that began before; of no use where the chunk had to wait for its ticket.
        """
        old = known.done()
        keys = [self._key(chunk.start + i) for i in range(chunk.n)]
        prompts = self._charges.prompts_in(chunk.start, chunk.n)
        ticket = _Ticket(chunk, keys, reserved, prompts)
        found = ticket.found
        try:
            # Problems may share a question: whoever comes second finds the first one's samples.
            async with self._model.turns(ticket.keys[0]) as alone:
                there = await (
                    known if alone and not old else self._model._journal.get(ticket.keys)
                )
                found.update((key, there[key]) for key in ticket.keys if key in there)
                if self._model._engine.settings.retry_failed:
                    ticket.found = found = {k: c for k, c in found.items() if not c.error}
                ticket.cached = len(found)
                if found:
                    self._trust.recall(found)
                    self._model._engine.events.drawn(self._purpose, len(found), 0, cached=True)
                await self._draw_missing(ticket)
        finally:
            self._settle(ticket)
        return [found[key] for key in takewhile(found.__contains__, ticket.keys)]

    async def _draw_missing(self, ticket: _Ticket) -> None:
        """Ask for what is not found, until it is or the budget or the run's time is at its end."""
        missing = [i for i, key in enumerate(ticket.keys) if key not in ticket.found]
        engine = self._model._engine
        while missing:
            try:
                if self._charges.served:
                    await self._make_room(ticket)
                fresh = await self._ask(ticket, [ticket.chunk.start + i for i in missing])
            except _NoRoom:
                break
            except BudgetExhausted:
                engine.ledger.came_late(self._problem)
                break
            entries = [(ticket.keys[i], c) for i, c in zip(missing, fresh, strict=False)]
            sure = self._trust.weigh(self._problem, entries)
            there = await self._model._journal.put(sure) if sure else {}
            ticket.found.update(entries)
            ticket.found.update(there)  # a run that could not be seen was faster
            missing = missing[len(entries) :]
            tokens = sum(c.completion_tokens for _, c in entries)
            engine.events.drawn(self._purpose, len(entries), tokens, cached=False)

    async def _ask(self, ticket: _Ticket, indices: Sequence[int]) -> list[Completion]:
        """One request, repeated where it must be; its first sample tells what that was billed."""
        if self._hopeless is not None:
            return [self._hopeless] * len(indices)
        call = Call(self._prompt, self._params, tuple(map(self._seed, indices)), tuple(indices))
        most = self._charges.most_prompt_tokens + self._params.max_tokens * len(indices)

        async def lost() -> None:
            await self._lose(ticket, len(indices))

        done = await self._model._caller.call(call, most, lost, problem=self._problem)
        if done[0].finish_reason == TOO_LONG and done[0].error:
            self._hopeless = done[0]  # all other samples of this prompt would be refused alike
        vain, ticket.vain = ticket.vain, NOTHING
        if len(done) > 1 or vain.requests:
            first = replace(done[0], requests=1 + vain.requests, lost_samples=vain.samples)
            done = [first, *(replace(c, requests=0) for c in done[1:])]
        return done

    async def _make_room(self, ticket: _Ticket) -> None:
        """A server that gives fewer samples than it was asked for bills one more prompt."""
        billed = sum(c.requests for c in ticket.found.values()) + ticket.vain.requests
        if (lacking := billed + 1 - ticket.prompts) > 0:
            await self._reserve(ticket, self._charges.more_prompts(lacking), lacking)

    async def _lose(self, ticket: _Ticket, samples: int) -> None:
        """A request may have been billed in vain: there must be room for it and for another."""
        ticket.vain = Vain(ticket.vain.requests + 1, ticket.vain.samples + samples)
        await self._reserve(ticket, self._charges.lost(samples), 1)

    async def _reserve(self, ticket: _Ticket, more: Amounts, prompts: int) -> None:
        if not await self._model._engine.ledger.reserve_more(self._problem, ticket.number, more):
            raise _NoRoom
        ticket.reserved = added(ticket.reserved, more)
        ticket.prompts += prompts

    def _settle(self, ticket: _Ticket) -> None:
        drawn = [ticket.found[key] for key in ticket.keys if key in ticket.found]
        self._model.prompts.saw(max((c.prompt_tokens for c in drawn), default=0), self._bound)
        self._model.prompts.over()
        start, charges, vain = ticket.chunk.start, self._charges, ticket.vain
        self._model._engine.ledger.settle(
            self._problem,
            self._purpose,
            ticket.reserved,
            charges.actual(start, drawn, vain),
            prompt_tokens=charges.prompt_tokens(start, drawn),
            completion_tokens=sum(c.completion_tokens for c in drawn),
            samples=len(drawn),
            paid=1 - ticket.cached / len(drawn) if drawn else 0.0,
            vain=charges.of_vain(start, vain) if vain.requests else None,
        )


class _NoRoom(BudgetExhausted):
    """The budget has no room to repeat a request."""


@dataclass(slots=True)
class _Ticket:
    """What a chunk has reserved and got, and what requests for it may be billed in vain."""

    chunk: Chunk
    keys: Sequence[bytes]
    reserved: Amounts
    prompts: int  # that are reserved
    found: Found = field(default_factory=dict)
    cached: int = 0
    vain: Vain = NOTHING
    number: int = field(default_factory=count().__next__)


def _chunks(start: int, n: int, group: int) -> list[Chunk]:
    """Cut at multiples of `group`, so that the same samples always share a call."""
    cuts = [start, *range((start // group + 1) * group, start + n, group), start + n]
    return [Chunk(a, b - a) for a, b in pairwise(cuts) if b > a]


def _content(model: EngineModel, prompt: Prompt, params: SamplingParams) -> bytes:
    """Digest of everything that determines the samples of a prompt, but for their index.

    A sample is the same however long a tail of its logprobs is kept; the first journals kept 8.
    """
    kept = params.keep_logprobs and min(params.keep_logprobs, 8)
    content = {
        "model": model.identity.scope,
        "prompt": asdict(prompt),
        "params": asdict(replace(params, keep_logprobs=kept)),
        "seed": model._engine.seed,
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
