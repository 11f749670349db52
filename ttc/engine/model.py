"""A backend behind the engine: what samplers and verifiers hold."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from itertools import pairwise

from ttc.budget.allocation import Amounts
from ttc.budget.cost import Rates
from ttc.core import (
    Backend,
    Capabilities,
    Completion,
    ModelIdentity,
    Place,
    Prompt,
    RemoteBackend,
    Role,
    SamplingParams,
)
from ttc.engine.batch import Chunk, Drawing
from ttc.engine.batches.collector import Collector
from ttc.engine.charges import Prompts
from ttc.engine.claims import Claims
from ttc.engine.content import Content
from ttc.engine.host import Host
from ttc.engine.journal import Journal
from ttc.engine.retries import Caller
from ttc.engine.settings import EngineSettings
from ttc.engine.tickets import Till
from ttc.engine.trust import Trust
from ttc.engine.work import Means, Who, Work
from ttc.errors import UsageError

_WITHOUT_LIMIT = 1_000_000  # calls that wait in batches: nobody works on them here


class EngineModel:
    """See `ttc.core.Model`."""

    def __init__(
        self,
        engine: Host,
        backend: Backend,
        identity: ModelIdentity,
        rates: Rates,
        journal: Journal,
        claims: Claims,
        caller: Caller,
        till: Till,
        answered: Callable[[Prompts], None],
        batches: Collector | None = None,
    ) -> None:
        """answered: called with what the replies so far have shown, whenever one has come. batches:
        where its calls wait, in place of being sent.
        """
        self._engine = engine
        self._claims = claims
        self.trust: dict[Role, Trust] = {}
        served = isinstance(backend, RemoteBackend)
        careful = served and engine.budget.depends_on_prompts
        self._means = Means(
            engine,
            backend,
            identity,
            rates,
            journal,
            caller,
            till,
            answered,
            batches,
            Prompts(identity.model, careful=careful),
            served,
        )
        self._group = max(1, min(backend.capabilities.max_n, engine.settings.n_per_call))
        self._servers = len(backend.endpoints) if isinstance(backend, RemoteBackend) else 1

    def hosted(self, host: Host, claims: Claims, till: Till) -> EngineModel:
        """The same model with another's seed, whose calls that one's account pays. What is known of
        its servers, and whether they can be trusted, is known to both.

        Raises `UsageError` where a limit is in a unit that this model's facts don't give, and where
        its calls wait in batches.
        """
        means = self._means
        host.budget.require(means.rates, means.identity.model)
        if means.batches is not None:
            raise UsageError(
                f"{means.identity.model} is asked in batches, whose answers nobody can wait for; "
                "leave `mode: batch` out of the backend"
            )
        other = EngineModel(
            host,
            means.backend,
            means.identity,
            means.rates,
            means.journal,
            claims,
            means.caller.paid_by(host.ledger),
            till,
            means.answered,
        )
        other.trust, other._means.expected = self.trust, means.expected
        if self._engine.budget.depends_on_prompts or not host.budget.depends_on_prompts:
            other._means.prompts = means.prompts
        return other

    @property
    def capabilities(self) -> Capabilities:
        return self._means.backend.capabilities

    @property
    def identity(self) -> ModelIdentity:
        return self._means.identity

    def change(self, settings: EngineSettings) -> None:
        """Go by other settings from now on."""
        self._means.caller.change(settings)

    def trusted(self, role: Role) -> Trust:
        """What it gave in a role so far."""
        if role not in self.trust:
            self.trust[role] = Trust(self._means.identity.model, role, self._engine.events.failures)
        return self.trust[role]

    async def sample(
        self,
        prompt: Prompt,
        params: SamplingParams,
        n: int,
        *,
        problem_id: str,
        role: Role = "solver",
        start: int = 0,
        place: Place = (),
        cached: int = 0,
    ) -> Sequence[Completion]:
        who = Who(problem_id, role, place)
        work = Work(self._means, prompt, params, who, self.trusted(role), start, cached)
        # Enough calls to keep all servers busy; each that waits costs some kilobytes.
        concurrency = self._engine.settings.concurrency
        at_a_time = concurrency if self._means.batches is None else _WITHOUT_LIMIT
        window = 2 * self._servers * at_a_time
        drawing = Drawing(window)
        claimed = False
        try:
            # Tickets are taken one after the other without waiting for any other request of the
            # problem, which fixes their order and so what the budget admits.
            async with self._engine.ledger.turn(problem_id, place):
                claimed = await self._claims.take(
                    work.content.digest, self._engine.ledger.seconds_left
                )
                chunks = _chunks(start, n, self._group)
                for first in range(0, len(chunks), window):
                    if not await drawing.goes_on():
                        break
                    block = chunks[first : first + window]
                    await self._draw_block(work, block, drawing)
            found = await drawing.completions()
        except BaseException as error:
            try:
                await self._engine.failing(error)
            finally:
                await drawing.cancel()
            raise  # with the claim: the journal may have some yet to write, until it is closed
        if claimed:
            self._claims.release(work.content.digest)
        return found

    def content(self, prompt: Prompt, params: SamplingParams) -> bytes:
        """What tells samples of one prompt from those of others, in journal and ledger."""
        return Content(self._means.identity, prompt, params, self._engine.seed).digest

    def worst(
        self, prompt: Prompt, params: SamplingParams, cached: int
    ) -> Callable[[int], Amounts]:
        """What so many samples can't exceed."""
        return partial(self._means.charges(prompt, params, 0, cached).worst, 0)

    def amounts(self, drawn: Completion) -> Amounts:
        """What one sample counts, with what it was charged of its prompt; known units only."""
        prompt = drawn.prompt_tokens
        cached = max(0, prompt - drawn.charged)  # all of it, where another sample has paid
        amounts = self._means.rates.of_samples(prompt, [drawn.completion_tokens], 1, cached)
        tokens, *flops = self._means.rates.speculated([drawn])
        amounts["tokens"] += tokens
        amounts["flops"] += sum(flops)
        if drawn.charged and drawn.cached_tokens:
            amounts["usd"] -= self._means.rates.discount(min(drawn.cached_tokens, drawn.charged))
        return {unit: n for unit, n in amounts.items() if not self._means.rates.missing(unit)}

    def drafted(self, drawn: Completion) -> tuple[float, float] | None:
        """FLOPs of the draft and of the target for what was discarded; None: nobody drafted."""
        if drawn.speculated is None or self._means.rates.missing("flops"):
            return None
        return self._means.rates.speculated([drawn])[1:]

    def expect(self, params: SamplingParams) -> None:
        self._means.expected.append(params)

    async def _draw_block(self, work: Work, block: Sequence[Chunk], drawing: Drawing) -> None:
        """Begin to draw what the budget admits of a block."""
        # One look-up for all samples: it costs a thread's attention, however many they are.
        end = block[-1].start + block[-1].n
        known = asyncio.create_task(work.look_up(range(block[0].start, end)))
        drawing.looks.append(known)
        left = sum(chunk.n for chunk in block)
        async for part, reserved in self._admitted(work, block):
            drawing.add(asyncio.create_task(work.draw(part, reserved, known)))
            left -= part.n
        drawing.refused = left > 0

    async def _admitted(
        self, work: Work, chunks: Sequence[Chunk]
    ) -> AsyncIterator[tuple[Chunk, Amounts]]:
        """What the budget lets be drawn and reserves, in order; near its end in parts of chunks."""
        problem, place = work.who.problem, work.who.place
        for chunk in chunks:
            rest = chunk
            while rest.n:
                await self._means.prompts.turn()
                worst = partial(work.worst, rest)
                n = await self._engine.ledger.admit(
                    problem, rest.n, worst, place, work.content.digest, rest.start
                )
                if not n:
                    self._means.prompts.over()
                    return
                yield Chunk(rest.start, n), worst(n)
                rest = Chunk(rest.start + n, rest.n - n)


def _chunks(start: int, n: int, group: int) -> list[Chunk]:
    """Cut at multiples of `group`, so that the same samples always share a call."""
    cuts = [start, *range((start // group + 1) * group, start + n, group), start + n]
    return [Chunk(a, b - a) for a, b in pairwise(cuts) if b > a]
