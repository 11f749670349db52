"""A backend behind the engine: what samplers and verifiers hold."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Protocol

from ttc.budget.allocation import Amounts, added
from ttc.budget.cost import CostConfig, Rates
from ttc.budget.ledger import BudgetConfig, Ledger
from ttc.budget.speculation import total
from ttc.core import (
    Backend,
    Call,
    Capabilities,
    Completion,
    ModelIdentity,
    Place,
    Prompt,
    RemoteBackend,
    Role,
    SamplingParams,
    Speculated,
)
from ttc.engine.batch import Chunk, Drawing, Drawn, Found
from ttc.engine.batches.collector import Collector
from ttc.engine.billing import Bill
from ttc.engine.charges import NOTHING, Charges, Prompts
from ttc.engine.claims import Claims
from ttc.engine.content import Content, fitted_to, joined, marked, serves
from ttc.engine.events import Events
from ttc.engine.failures import TOO_LONG
from ttc.engine.journal import Journal
from ttc.engine.keyed_lock import Turns
from ttc.engine.retries import Caller
from ttc.engine.settings import EngineSettings
from ttc.engine.tickets import NoRoom, Payment, Ticket, Till
from ttc.engine.token_bounds import token_bound
from ttc.engine.trust import Trust
from ttc.errors import BudgetExhausted, UsageError

log = logging.getLogger(__name__)
_WITHOUT_LIMIT = 1_000_000  # calls that wait in batches: nobody works on them here


class Host(Protocol):
    """For whom a model draws: an engine, or one question of a server's."""

    budget: BudgetConfig
    cost: CostConfig
    seed: int
    settings: EngineSettings
    events: Events
    ledger: Ledger

    def asks_again(self, problem: str) -> bool:
        """Whether a problem's samples that the journal has as failed are asked for again."""
        ...

    async def failing(self, error: BaseException) -> None:
        """An error is about to end what it does."""
        ...


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
        self._batches = batches
        self._engine = engine
        self._backend = backend
        self._identity = identity
        self._rates = rates
        self._journal = journal
        self._claims = claims
        self._caller = caller
        self._till = till
        self._answered = answered
        self.trust: dict[Role, Trust] = {}
        self.turns = Turns()
        self.expected: list[SamplingParams] = []
        self._told_of_poor = False
        self._served = isinstance(backend, RemoteBackend)
        self.prompts = Prompts(
            identity.model, careful=self._served and engine.budget.depends_on_prompts
        )
        self._group = max(1, min(backend.capabilities.max_n, engine.settings.n_per_call))
        self._servers = len(backend.endpoints) if isinstance(backend, RemoteBackend) else 1

    def hosted(self, host: Host, claims: Claims, till: Till) -> EngineModel:
        """The same model with another's seed, whose calls that one's account pays. What is known of
        its servers, and whether they can be trusted, is known to both.

        Raises `UsageError` where a limit is in a unit that this model's facts don't give, and where
        its calls wait in batches.
        """
        host.budget.require(self._rates, self._identity.model)
        if self._batches is not None:
            raise UsageError(
                f"{self._identity.model} is asked in batches, whose answers nobody can wait for; "
                "leave `mode: batch` out of the backend"
            )
        other = EngineModel(
            host,
            self._backend,
            self._identity,
            self._rates,
            self._journal,
            claims,
            self._caller.paid_by(host.ledger),
            till,
            self._answered,
        )
        other.trust, other.expected = self.trust, self.expected
        if self._engine.budget.depends_on_prompts or not host.budget.depends_on_prompts:
            other.prompts = self.prompts
        return other

    @property
    def capabilities(self) -> Capabilities:
        return self._backend.capabilities

    @property
    def identity(self) -> ModelIdentity:
        return self._identity

    def change(self, settings: EngineSettings) -> None:
        """Go by other settings from now on."""
        self._caller.change(settings)

    def trusted(self, role: Role) -> Trust:
        """What it gave in a role so far."""
        if role not in self.trust:
            self.trust[role] = Trust(self._identity.model, role, self._engine.events.failures)
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
        work = _Work(self, prompt, params, Who(problem_id, role, place), start, cached)
        # Enough calls to keep all servers busy; each that waits costs some kilobytes.
        concurrency = self._engine.settings.concurrency
        window = 2 * self._servers * (concurrency if self._batches is None else _WITHOUT_LIMIT)
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
        return Content(self._identity, prompt, params, self._engine.seed).digest

    def worst(
        self, prompt: Prompt, params: SamplingParams, cached: int
    ) -> Callable[[int], Amounts]:
        """What so many samples can't exceed."""
        return partial(self._charges(prompt, params, 0, cached).worst, 0)

    def amounts(self, drawn: Completion) -> Amounts:
        """What one sample counts, with what it was charged of its prompt; known units only."""
        prompt = drawn.prompt_tokens
        cached = max(0, prompt - drawn.charged)  # all of it, where another sample has paid
        amounts = self._rates.of_samples(prompt, [drawn.completion_tokens], 1, cached)
        tokens, *flops = self._rates.speculated([drawn])
        amounts["tokens"] += tokens
        amounts["flops"] += sum(flops)
        if drawn.charged and drawn.cached_tokens:
            amounts["usd"] -= self._rates.discount(min(drawn.cached_tokens, drawn.charged))
        return {unit: n for unit, n in amounts.items() if not self._rates.missing(unit)}

    def drafted(self, drawn: Completion) -> tuple[float, float] | None:
        """FLOPs of the draft and of the target for what was discarded; None: nobody drafted."""
        if drawn.speculated is None or self._rates.missing("flops"):
            return None
        return self._rates.speculated([drawn])[1:]

    def _charges(self, prompt: Prompt, params: SamplingParams, start: int, cached: int) -> Charges:
        counted = self._backend.count_tokens(prompt)
        return Charges(
            self._rates,
            self.prompts,
            token_bound(prompt) if counted is None else counted,
            params.max_tokens,
            once=self._engine.cost.shared_prompt == "once",
            served=self._served,
            first=start,
            cached=cached if self._engine.cost.prefix == "cached" else 0,
        )

    def expect(self, params: SamplingParams) -> None:
        self.expected.append(params)

    def poor(self) -> None:
        """A stored sample has too few log-probabilities and is about to be drawn anew."""
        if self._told_of_poor:
            return
        self._told_of_poor = True
        others = "the same texts come with them"
        if not self.capabilities.deterministic:
            others = (
                "they may be other texts, which then stand for these samples from here on; a "
                "verifier that asks for more of them is better named first"
            )
        log.warning(
            "%s: stored samples have fewer log-probabilities than are asked for now and are drawn "
            "anew; %s",
            self._identity.model,
            others,
        )

    async def _draw_block(self, work: _Work, block: Sequence[Chunk], drawing: Drawing) -> None:
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
        self, work: _Work, chunks: Sequence[Chunk]
    ) -> AsyncIterator[tuple[Chunk, Amounts]]:
        """What the budget lets be drawn and reserves, in order; near its end in parts of chunks."""
        problem, place = work.who.problem, work.who.place
        for chunk in chunks:
            rest = chunk
            while rest.n:
                await self.prompts.turn()
                worst = partial(work.worst, rest)
                n = await self._engine.ledger.admit(
                    problem, rest.n, worst, place, work.content.digest, rest.start
                )
                if not n:
                    self.prompts.over()
                    return
                yield Chunk(rest.start, n), worst(n)
                rest = Chunk(rest.start + n, rest.n - n)


@dataclass(frozen=True, slots=True)
class Who:
    """For which problem samples are drawn, in what role, and whose account pays."""

    problem: str
    role: Role
    place: Place


class _Work:
    """One `sample` request: its keys, its worst case, and how its chunks are drawn."""

    def __init__(
        self,
        model: EngineModel,
        prompt: Prompt,
        params: SamplingParams,
        who: Who,
        start: int,
        cached: int,
    ) -> None:
        self._model = model
        self._prompt = prompt
        self._params = params
        self.who = who
        self._problem = who.problem
        self._trust = model.trusted(who.role)
        self._hopeless: Completion | None = None
        self.content = Content(model.identity, prompt, params, model._engine.seed)
        # What is asked for, what others will, and what stored samples have that are drawn anew.
        self._asked_for = params
        for other in model.expected:
            if other.bare() == params.bare():
                self._ask_also(other.logprobs, other.keep_logprobs)
        self._charges = model._charges(prompt, params, start, cached)
        self._bound = self._charges.bound

    def worst(self, chunk: Chunk, samples: int) -> Amounts:
        """Amounts that no reply to this chunk can exceed."""
        return self._charges.worst(chunk.start, samples)

    async def look_up(self, indices: Iterable[int]) -> Found:
        """The samples among these that the journal has, with all that is asked for."""
        numbers = {self.content.key(index): index for index in indices}
        stored = await self._model._journal.get(list(numbers))
        found = {key: made for key, made in stored.items() if self._serves(made)}
        lacking = [number for key, number in numbers.items() if key not in found]
        if lacking and self._model._journal.older:
            older = await self._model._journal.get(self.content.older_keys(lacking))
            for number in lacking:
                key, made = self.content.key(number), self.content.older(number, older)
                if made is not None:
                    stored.setdefault(key, made)
                    if self._serves(made):
                        found[key] = made
        for key in stored.keys() - found.keys():
            self._model.poor()
            self._ask_also(stored[key].alternatives, stored[key].kept)
        return {key: fitted_to(self._params, made) for key, made in found.items()}

    def _ask_also(self, alternatives: int | None, kept: int | None) -> None:
        """Have what is drawn come with these log-probabilities too, as far as they are offered."""
        most = self._model.capabilities.logprobs
        if alternatives is not None and most:
            self._asked_for = joined(self._asked_for, min(alternatives, most), kept)

    def _serves(self, made: Completion) -> bool:
        return serves(made, self._params.logprobs, self._params.keep_logprobs)

    async def draw(self, chunk: Chunk, reserved: Amounts, known: asyncio.Task[Found]) -> Drawn:
        """The chunk's samples from the journal or the model, journalled and settled.

        known: the look-up that began before; of no use where the chunk had to wait for its ticket.
        """
        old = known.done()
        numbers = range(chunk.start, chunk.start + chunk.n)
        keys = [self.content.key(number) for number in numbers]
        prompts = self._charges.prompts_in(chunk.start, chunk.n)
        ticket = Ticket(chunk, keys, reserved, prompts)
        found = ticket.found
        try:
            # Problems may share a question: whoever comes second finds the first one's samples.
            queueing = partial(self._model._engine.ledger.queueing, self._problem)
            async with self._model.turns(ticket.keys[0], queueing) as alone:
                there = await (known if alone and not old else self.look_up(numbers))
                found.update((key, there[key]) for key in ticket.keys if key in there)
                if self._model._engine.asks_again(self._problem):
                    ticket.found = found = {k: c for k, c in found.items() if not c.error}
                ticket.cached = len(found)
                if found:
                    self._trust.recall(found)
                    self._model._engine.events.drawn(self.who.role, len(found), 0, cached=True)
                await self._draw_missing(ticket)
        finally:
            self._settle(ticket)
        return Drawn([found.get(key) for key in ticket.keys], ticket.late)

    async def _draw_missing(self, ticket: Ticket) -> None:
        """Ask for what is not found, until it is or the budget or the run's time is at its end."""
        missing = [i for i, key in enumerate(ticket.keys) if key not in ticket.found]
        while missing:
            try:
                fresh, payment = await self._ask(ticket, [ticket.chunk.start + i for i in missing])
            except NoRoom:
                break
            except BudgetExhausted:
                ticket.late = True
                self._model._engine.ledger.came_late(self._problem)
                break
            entries = [(ticket.keys[i], c) for i, c in zip(missing, fresh, strict=False)]
            await self._keep(ticket, entries, payment)
            missing = missing[len(entries) :]

    async def _keep(
        self, ticket: Ticket, entries: list[tuple[bytes, Completion]], payment: Payment | None
    ) -> None:
        """Put what a request brought, with its bill, into journal and ticket."""
        bills: list[Bill] = []
        fresh = [c for _, c in entries]
        if payment is not None:
            ticket.sent += fresh[0].requests > 0
            self._learn(fresh)
            bills = payment.paid(self._charges.billed(payment.first, fresh))
        sure = self._trust.weigh(self._problem, entries)
        there = await self._model._journal.put(sure, bills) if sure or bills else {}
        if payment is not None:
            payment.kept()
            if not fresh[0].error:
                self._model._answered(self._model.prompts)
        # Where a run that could not be seen was faster, its samples count.
        for key, made in [*entries, *there.items()]:
            ticket.found[key] = fitted_to(self._params, made)
        tokens = sum(c.completion_tokens for c in fresh)
        self._model._engine.events.drawn(self.who.role, len(entries), tokens, cached=False)

    async def _ask(
        self, ticket: Ticket, indices: Sequence[int]
    ) -> tuple[list[Completion], Payment | None]:
        """One request, repeated where it must be; its first sample tells what that was billed."""
        if self._hopeless is not None:
            return [self._hopeless] * len(indices), None
        self._owe_prompts(ticket)
        payment = Payment(
            self._model._till, ticket, self._charges, self._problem, indices[0], len(indices)
        )
        batches = self._model._batches
        standing = None if batches is None else batches.claim(self._call(indices))
        try:
            await payment.ready()
            indices = indices[: payment.samples]
            params = self._asked_for
            call = self._call(indices)
            most = self._charges.most_prompt_tokens + self._params.max_tokens * len(indices)
            done = await self._model._caller.call(call, most, payment, problem=self._problem)
            done = [marked(made, params) for made in done]
        finally:
            payment.drop()
            if batches is not None and standing is not None:
                batches.leave_standing(standing)
        if done[0].finish_reason == TOO_LONG and done[0].error:
            self._hopeless = done[0]  # all other samples of this prompt would be refused alike
        vain, ticket.vain = ticket.vain, NOTHING
        if len(done) > 1 or vain.requests:
            first = replace(done[0], requests=done[0].requests + vain.requests)
            first = replace(first, lost_samples=vain.samples)
            done = [first, *(replace(c, requests=0) for c in done[1:])]
        return done, payment

    def _call(self, indices: Sequence[int]) -> Call:
        seeds = tuple(map(self.content.seed, indices))
        return Call(self._prompt, self._asked_for, seeds, tuple(indices))

    def _owe_prompts(self, ticket: Ticket) -> None:
        """A server that gives fewer samples than it was asked for bills one more prompt."""
        lacking = ticket.sent + 1 - ticket.prompts
        if self._charges.served and lacking > 0:
            ticket.owed = added(ticket.owed, self._charges.more_prompts(lacking))
            ticket.prompts += lacking

    def _learn(self, drawn: Sequence[Completion]) -> None:
        """What these samples show of how the server bills."""
        prompts = self._model.prompts
        prompts.saw(max((c.prompt_tokens for c in drawn), default=0), self._bound)
        prompts.gave(drawn, self._params.max_tokens)

    def _settle(self, ticket: Ticket) -> None:
        keys = [key for key in ticket.keys if key in ticket.found]
        drawn = [ticket.found[key] for key in keys]
        self._learn(drawn)
        self._model.prompts.over()
        start, charges = ticket.chunk.start, self._charges
        counted, vain = charges.counted(start, drawn), self._vain(ticket, drawn)
        prompts = charges.prompt_tokens(start, drawn)
        self._model._engine.ledger.settle(
            self._problem,
            self.who.role,
            ticket.reserved,
            added(counted, vain),
            prompt_tokens=sum(prompts),
            completion_tokens=sum(c.completion_tokens for c in drawn),
            samples=len(drawn),
            paid=1 - ticket.cached / len(drawn) if drawn else 0.0,
            vain=vain if any(vain.values()) else None,
            more=ticket.more if any(ticket.more.values()) else None,
            place=self.who.place,
            speculated=self._speculated(drawn),
        )
        ticket.found.update(
            (key, replace(ticket.found[key], charged=n))
            for key, n in zip(keys, prompts, strict=True)
            if n
        )

    def _speculated(self, drawn: Sequence[Completion]) -> tuple[Speculated, float, float] | None:
        done = total(drawn)
        if done is None:
            return None
        _, draft, discarded = self._model._rates.speculated(drawn)
        return done, draft, discarded

    def _vain(self, ticket: Ticket, drawn: Sequence[Completion]) -> Amounts:
        """What was billed beyond what the samples count: lost replies, and more prompts."""
        prompts = self._charges.prompts_in(ticket.chunk.start, len(drawn))
        if not self._charges.served or ticket.sent <= prompts:
            return ticket.lost
        longest = max((c.prompt_tokens for c in drawn), default=0)
        return added(ticket.lost, self._charges.more_prompts(ticket.sent - prompts, longest))


def _chunks(start: int, n: int, group: int) -> list[Chunk]:
    """Cut at multiples of `group`, so that the same samples always share a call."""
    cuts = [start, *range((start // group + 1) * group, start + n, group), start + n]
    return [Chunk(a, b - a) for a, b in pairwise(cuts) if b > a]
