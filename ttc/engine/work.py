"""One request for samples: what the journal has of them, and how the rest is drawn and paid."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from ttc.budget.allocation import Amounts, added
from ttc.budget.cost import Rates
from ttc.budget.speculation import total
from ttc.core import (
    Backend,
    Call,
    Completion,
    ModelIdentity,
    Place,
    Prompt,
    Role,
    SamplingParams,
    Speculated,
)
from ttc.engine.batch import Chunk, Drawn, Found
from ttc.engine.batches.collector import Collector
from ttc.engine.billing import Bill
from ttc.engine.charges import NOTHING, Charges, Prompts
from ttc.engine.content import Content, fitted_to, joined, marked, serves
from ttc.engine.failures import TOO_LONG
from ttc.engine.host import Host
from ttc.engine.journal import Journal
from ttc.engine.keyed_lock import Turns
from ttc.engine.retries import Caller
from ttc.engine.tickets import NoRoom, Payment, Ticket, Till
from ttc.engine.token_bounds import token_bound
from ttc.engine.trust import Trust
from ttc.errors import BudgetExhausted

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Means:
    """What all requests to one model share. batches: where its calls wait, if they do; served:
    whether a server says what it bills.
    """

    host: Host
    backend: Backend
    identity: ModelIdentity
    rates: Rates
    journal: Journal
    caller: Caller
    till: Till
    answered: Callable[[Prompts], None]
    batches: Collector | None
    prompts: Prompts
    served: bool
    expected: list[SamplingParams] = field(default_factory=list)
    turns: Turns = field(default_factory=Turns)
    told_of_poor: bool = False

    def charges(self, prompt: Prompt, params: SamplingParams, start: int, cached: int) -> Charges:
        """What samples of a prompt are charged. start: the number of the first one."""
        counted = self.backend.count_tokens(prompt)
        return Charges(
            self.rates,
            self.prompts,
            token_bound(prompt) if counted is None else counted,
            params.max_tokens,
            once=self.host.cost.shared_prompt == "once",
            served=self.served,
            first=start,
            cached=cached if self.host.cost.prefix == "cached" else 0,
        )

    def poor(self) -> None:
        """A stored sample has too few log-probabilities and is about to be drawn anew."""
        if self.told_of_poor:
            return
        self.told_of_poor = True
        others = "the same texts come with them"
        if not self.backend.capabilities.deterministic:
            others = (
                "they may be other texts, which then stand for these samples from here on; a "
                "verifier that asks for more of them is better named first"
            )
        log.warning(
            "%s: stored samples have fewer log-probabilities than are asked for now and are drawn "
            "anew; %s",
            self.identity.model,
            others,
        )


@dataclass(frozen=True, slots=True)
class Who:
    """For which problem samples are drawn, in what role, and whose account pays."""

    problem: str
    role: Role
    place: Place


class Work:
    """One `sample` request: its keys, its worst case, and how its chunks are drawn."""

    def __init__(
        self,
        means: Means,
        prompt: Prompt,
        params: SamplingParams,
        who: Who,
        trust: Trust,
        start: int,
        cached: int,
    ) -> None:
        self._means = means
        self._prompt = prompt
        self._params = params
        self.who = who
        self._problem = who.problem
        self._trust = trust
        self._hopeless: Completion | None = None
        self.content = Content(means.identity, prompt, params, means.host.seed)
        # What is asked for, what others will, and what stored samples have that are drawn anew.
        self._asked_for = params
        for other in means.expected:
            if other.bare() == params.bare():
                self._ask_also(other.logprobs, other.keep_logprobs)
        self._charges = means.charges(prompt, params, start, cached)
        self._bound = self._charges.bound

    def worst(self, chunk: Chunk, samples: int) -> Amounts:
        """Amounts that no reply to this chunk can exceed."""
        return self._charges.worst(chunk.start, samples)

    async def look_up(self, indices: Iterable[int]) -> Found:
        """The samples among these that the journal has, with all that is asked for."""
        numbers = {self.content.key(index): index for index in indices}
        stored = await self._means.journal.get(list(numbers))
        found = {key: made for key, made in stored.items() if self._serves(made)}
        lacking = [number for key, number in numbers.items() if key not in found]
        if lacking and self._means.journal.older:
            older = await self._means.journal.get(self.content.older_keys(lacking))
            for number in lacking:
                key, made = self.content.key(number), self.content.older(number, older)
                if made is not None:
                    stored.setdefault(key, made)
                    if self._serves(made):
                        found[key] = made
        for key in stored.keys() - found.keys():
            self._means.poor()
            self._ask_also(stored[key].alternatives, stored[key].kept)
        return {key: fitted_to(self._params, made) for key, made in found.items()}

    def _ask_also(self, alternatives: int | None, kept: int | None) -> None:
        """Have what is drawn come with these log-probabilities too, as far as they are offered."""
        most = self._means.backend.capabilities.logprobs
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
            queueing = partial(self._means.host.ledger.queueing, self._problem)
            async with self._means.turns(ticket.keys[0], queueing) as alone:
                there = await (known if alone and not old else self.look_up(numbers))
                found.update((key, there[key]) for key in ticket.keys if key in there)
                if self._means.host.asks_again(self._problem):
                    ticket.found = found = {k: c for k, c in found.items() if not c.error}
                ticket.cached = len(found)
                if found:
                    self._trust.recall(found)
                    self._means.host.events.drawn(self.who.role, len(found), 0, cached=True)
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
                self._means.host.ledger.came_late(self._problem)
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
        there = await self._means.journal.put(sure, bills) if sure or bills else {}
        if payment is not None:
            payment.kept()
            if not fresh[0].error:
                self._means.answered(self._means.prompts)
        # Where a run that could not be seen was faster, its samples count.
        for key, made in [*entries, *there.items()]:
            ticket.found[key] = fitted_to(self._params, made)
        tokens = sum(c.completion_tokens for c in fresh)
        self._means.host.events.drawn(self.who.role, len(entries), tokens, cached=False)

    async def _ask(
        self, ticket: Ticket, indices: Sequence[int]
    ) -> tuple[list[Completion], Payment | None]:
        """One request, repeated where it must be; its first sample tells what that was billed."""
        if self._hopeless is not None:
            return [self._hopeless] * len(indices), None
        self._owe_prompts(ticket)
        payment = Payment(
            self._means.till, ticket, self._charges, self._problem, indices[0], len(indices)
        )
        batches = self._means.batches
        standing = None if batches is None else batches.claim(self._call(indices))
        try:
            await payment.ready()
            indices = indices[: payment.samples]
            params = self._asked_for
            call = self._call(indices)
            most = self._charges.most_prompt_tokens + self._params.max_tokens * len(indices)
            done = await self._means.caller.call(call, most, payment, problem=self._problem)
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
        prompts = self._means.prompts
        prompts.saw(max((c.prompt_tokens for c in drawn), default=0), self._bound)
        prompts.gave(drawn, self._params.max_tokens)

    def _settle(self, ticket: Ticket) -> None:
        keys = [key for key in ticket.keys if key in ticket.found]
        drawn = [ticket.found[key] for key in keys]
        self._learn(drawn)
        self._means.prompts.over()
        start, charges = ticket.chunk.start, self._charges
        counted, vain = charges.counted(start, drawn), self._vain(ticket, drawn)
        prompts = charges.prompt_tokens(start, drawn)
        self._means.host.ledger.settle(
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
        _, draft, discarded = self._means.rates.speculated(drawn)
        return done, draft, discarded

    def _vain(self, ticket: Ticket, drawn: Sequence[Completion]) -> Amounts:
        """What was billed beyond what the samples count: lost replies, and more prompts."""
        prompts = self._charges.prompts_in(ticket.chunk.start, len(drawn))
        if not self._charges.served or ticket.sent <= prompts:
            return ticket.lost
        longest = max((c.prompt_tokens for c in drawn), default=0)
        return added(ticket.lost, self._charges.more_prompts(ticket.sent - prompts, longest))
