"""One request of an attempt: its asks, in which order the budget buys them, what came of them."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ttc.attempt.prefixes import Opening, plain_text, repeated
from ttc.attempt.record import Branch
from ttc.budget.allocation import Amounts, added, nothing
from ttc.budget.bills import largest
from ttc.budget.ledger import Ledger
from ttc.core import Ask, Completion, Model, Passage, Place, Prompt, Role
from ttc.engine.content import plain

_ALL = 1 << 40  # more tokens than any prompt has


@dataclass
class Wanted:
    """An ask, and what has come of it.

    prompt: digest of its prompt, for its model; opening: of its prompt, for those that continue it;
    start: the number of its first sample; cached: how many of its prompt's tokens the attempt has
    had computed before.
    """

    ask: Ask
    model: Model
    role: Role
    prompt: bytes
    opening: Opening
    start: int
    cached: int
    got: list[Completion] = field(default_factory=list)
    asked: int = 0
    _priced: tuple[int, Callable[[int], Amounts]] | None = None

    @property
    def left(self) -> int:
        return self.ask.n - self.asked

    def below(self, level: int) -> int:
        """How many more bring it to so many, or to all that it is for."""
        return max(0, min(self.ask.n, level) - self.asked)

    def worst(self, samples: int) -> Amounts:
        """What so many more can't exceed."""
        cached = _ALL if self.asked else self.cached
        if self._priced is None or self._priced[0] != cached:
            # Counting a prompt's tokens takes longer than all the rest.
            price = self.model.worst(self.ask.prompt, self.ask.params, cached)
            self._priced = (cached, price)
        return self._priced[1](samples)


def wanted(
    branch: Branch, asks: Sequence[Ask], models: Sequence[Model], roles: Sequence[Role]
) -> list[Wanted]:
    """The asks with their samples' numbers, and with what they need not have computed again."""
    # By digests: whoever asks a thousand steps one after the other must not keep their texts.
    prompts = [_digest(model, ask.prompt) for ask, model in zip(asks, models, strict=True)]
    starts = branch.numbers.take(
        [((p, ask.params.bare()), ask.n) for ask, p in zip(asks, prompts, strict=True)]
    )
    found = []
    here: set[bytes] = set()
    for ask, model, role, start, prompt in zip(asks, models, roles, starts, prompts, strict=True):
        text = plain_text(ask.prompt)
        if prompt in here or branch.tokens(prompt) is not None:
            cached = _ALL
        else:
            cached = _continued(branch, model, ask, text)
        here.add(prompt)
        found.append(Wanted(ask, model, role, prompt, Opening.of(text), start, cached))
    return found


def fixed(
    branch: Branch, asks: Sequence[Ask], models: Sequence[Model], roles: Sequence[Role]
) -> list[Wanted]:
    """The asks for what has one outcome: equal ones are the same. Of a passage, what the model has
    read or written before need not be computed again, as far as that is how it begins.
    """
    found = []
    here: set[bytes] = set()
    for ask, model, role in zip(asks, models, roles, strict=True):
        prompt, text = _digest(model, ask.prompt), plain_text(ask.prompt)
        if prompt in here or branch.tokens(prompt) is not None:
            cached = _ALL
        else:
            begun = _begun(branch, model, ask.prompt)
            cached = max(begun, _continued(branch, model, ask, text))
        here.add(prompt)
        found.append(Wanted(ask, model, role, prompt, Opening.of(text), 0, cached))
    return found


def _continued(branch: Branch, model: Model, ask: Ask, text: str) -> int:
    """Tokens of a prompt that are those of the sample which it continues, or of another that it
    begins with, where the same model has drawn that. text: of the prompt, by `plain_text`.
    """
    most = 0
    for sample in (ask.after, ask.known):
        if sample is not None:
            asked, opening = branch.record.asked[sample.number]
            if asked is model.identity:
                most = max(most, repeated(text, opening, sample.completion))
    return most


def _begun(branch: Branch, model: Model, prompt: Prompt) -> int:
    """Tokens of the longest passage that was read and that this one begins with."""
    if not isinstance(prompt, Passage):
        return 0
    for n in range(len(prompt.steps) - 1, 0, -1):
        known = branch.tokens(_digest(model, replace(prompt, steps=prompt.steps[:n])))
        if known is not None:
            return known
    return 0


def note(branch: Branch, want: Wanted) -> None:
    """A prompt was computed, if the budget bought a sample of it."""
    for done in want.got:
        if not done.error:
            branch.computed[want.prompt] = done.prompt_tokens


def _digest(model: Model, prompt: Prompt) -> bytes:
    text = json.dumps([model.identity.scope, plain(prompt)])
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


@dataclass(frozen=True)
class Buyer:
    """Buys the asks of a problem's requests. ledger: None where nothing is limited."""

    ledger: Ledger | None
    problem: str
    place: Place

    async def buy(self, wants: Sequence[Wanted]) -> bool:
        """Draw all that the budget affords; whether that is all.

        Where it may not suffice, every ask gets a sample before any gets another. Those that an
        earlier round bought come first; then asks that have fewer catch up.
        """
        if self.ledger is None or not self.ledger.budget.limited or len(wants) == 1:
            return await self._draw(wants, [want.ask.n for want in wants])
        known = [min(want.ask.n, self._known(want)) for want in wants]
        whole = not any(known) or await self._draw(wants, known)
        # A lost reply that there is no money to repeat ends nothing: who comes later may find both.
        while any(want.left for want in wants) and not self._closed():
            level = self._level(wants)
            whole &= await self._draw(wants, [want.below(level) for want in wants])
        return whole and not any(want.left for want in wants)

    def _closed(self) -> bool:
        assert self.ledger is not None
        return self.ledger.closed(self.problem, self.place)

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
                    start=want.start + want.asked,
                    place=self.place,
                    cached=_ALL if want.asked else want.cached,
                )
                for want, n in asked
            )
        )
        for (want, n), reply in zip(asked, replies, strict=True):
            want.got += reply
            want.asked += n
        return all(len(reply) == n for (_, n), reply in zip(asked, replies, strict=True))

    def _known(self, want: Wanted) -> int:
        assert self.ledger is not None
        content = want.model.content(want.ask.prompt, want.ask.params)
        return self.ledger.known(self.problem, self.place, content, want.start)

    def _level(self, wants: Sequence[Wanted]) -> int:
        """To how many samples each ask can surely be brought; at least one more than the fewest."""
        low = 1 + min(want.asked for want in wants if want.left)
        high = max(want.ask.n for want in wants if want.left)
        return low + largest(high - low, lambda more: self._fit(wants, low + more))

    def _fit(self, wants: Sequence[Wanted], level: int) -> bool:
        assert self.ledger is not None
        total = nothing()
        for want in wants:
            if samples := want.below(level):
                total = added(total, want.worst(samples))
        return self.ledger.fits(self.problem, self.place, total)
