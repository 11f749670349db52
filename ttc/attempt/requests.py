"""One request of an attempt: its asks, in which order the budget buys them, what came of them."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from ttc.attempt.record import Branch
from ttc.budget.ledger import Ledger
from ttc.budget.rounds import Amounts, added, nothing
from ttc.core import Ask, Completion, Model, Place, Role
from ttc.engine.content import plain

_ALL = 1 << 40  # more tokens than any prompt has


@dataclass
class Wanted:
    """An ask, and what has come of it.

    start: the number of its first sample; cached: how many of its prompt's tokens the attempt has
    had computed before.
    """

    ask: Ask
    model: Model
    role: Role
    start: int
    cached: int
    got: list[Completion] = field(default_factory=list)

    @property
    def left(self) -> int:
        return self.ask.n - len(self.got)

    def worst(self, samples: int) -> Amounts:
        """What so many more can't exceed."""
        cached = _ALL if self.got else self.cached
        return self.model.worst(self.ask.prompt, self.ask.params, samples, cached)


def wanted(
    branch: Branch, asks: Sequence[Ask], models: Sequence[Model], roles: Sequence[Role]
) -> list[Wanted]:
    """The asks with their samples' numbers, and with what they need not have computed again."""
    # By digests: whoever asks a thousand steps one after the other must not keep their texts.
    prompts = [_digest(model, ask) for ask, model in zip(asks, models, strict=True)]
    starts = branch.numbers.take(
        [((p, ask.params.bare()), ask.n) for ask, p in zip(asks, prompts, strict=True)]
    )
    found = []
    for ask, model, role, start, prompt in zip(asks, models, roles, starts, prompts, strict=True):
        cached = 0
        if branch.has(prompt):
            cached = _ALL
        elif ask.after is not None and branch.record.asked[ask.after.number] is model.identity:
            before = ask.after.completion
            cached = before.prompt_tokens + before.completion_tokens
        branch.computed.add(prompt)
        found.append(Wanted(ask, model, role, start, cached))
    return found


def _digest(model: Model, ask: Ask) -> bytes:
    text = json.dumps([model.identity.scope, plain(ask.prompt)])
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


@dataclass(frozen=True)
class Till:
    """Buys the asks of a problem's requests. ledger: None where nothing is limited."""

    ledger: Ledger | None
    problem: str
    place: Place

    async def buy(self, wants: Sequence[Wanted]) -> bool:
        """Draw all that the budget affords; whether that is all.

        Where it may not suffice, every ask gets a sample before any gets another, and those that an
        earlier round bought come first.
        """
        if self.ledger is None or not self.ledger.budget.limited or len(wants) == 1:
            return await self._draw(wants, [want.ask.n for want in wants])
        known = [min(want.ask.n, self._known(want)) for want in wants]
        if any(known) and not await self._draw(wants, known):
            return False
        while any(want.left for want in wants):
            each = self._widest(wants)
            if not await self._draw(wants, [min(want.left, each) for want in wants]):
                return False
        return True

    async def _draw(self, wants: Sequence[Wanted], numbers: Sequence[int]) -> bool:
        """So many more samples of each ask; whether all of them came."""
        asked = [(want, n) for want, n in zip(wants, numbers, strict=True) if n]
        # The tasks begin in this order, and a model takes its turn at the budget first thing.
        replies = await asyncio.gather(
            *(
                want.model.sample(
                    want.ask.prompt,
                    want.ask.params,
                    n,
                    problem_id=self.problem,
                    role=want.role,
                    start=want.start + len(want.got),
                    place=self.place,
                    cached=_ALL if want.got else want.cached,
                )
                for want, n in asked
            )
        )
        for (want, _), reply in zip(asked, replies, strict=True):
            want.got += reply
        return all(len(reply) == n for (_, n), reply in zip(asked, replies, strict=True))

    def _known(self, want: Wanted) -> int:
        assert self.ledger is not None
        content = want.model.content(want.ask.prompt, want.ask.params)
        return self.ledger.known(self.problem, self.place, content, want.start)

    def _widest(self, wants: Sequence[Wanted]) -> int:
        """The most samples for each ask that surely fit, at least one."""
        low, high = 1, max(want.left for want in wants)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self._fit(wants, middle) else (low, middle - 1)
        return low

    def _fit(self, wants: Sequence[Wanted], each: int) -> bool:
        assert self.ledger is not None
        total = nothing()
        for want in wants:
            if samples := min(want.left, each):
                total = added(total, want.worst(samples))
        return self.ledger.fits(self.problem, self.place, total)
