"""What samples cost: by the cost model's convention, and as a server bills for them.

A cost model may count a prompt once for all of its samples, as a cached prefix. Whoever serves a
model bills it with every request, and may bill a request whose reply never arrived. So what counts
against a budget of tokens or dollars, for a served model, is the larger of the two.

What is admitted follows from `counted`, which reads nothing but lengths and what a server does to
every request: it is the same whoever drew the samples, in whatever requests, and what was lost on
the way. `actual` is what was billed.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ttc.budget.cost import Rates, Unit
from ttc.core import Completion

log = logging.getLogger(__name__)
_BILLED: tuple[Unit, ...] = ("tokens", "usd")


@dataclass(frozen=True, slots=True)
class Vain:
    """Requests that may be billed although no reply came, and the samples they asked for."""

    requests: int
    samples: int


NOTHING = Vain(0, 0)


class Prompts:
    """What a server bills beyond what it was asked for, as its replies have shown.

    A bound by bytes can't know what a server's template or a hidden system prompt adds; and servers
    give more choices than `n`, or fewer, so that the rest takes further requests, or more tokens
    than `max_tokens`. So, where a budget depends on it (`careful`), the first call goes alone, and
    tells before others are sent. All of it is read from samples, old ones too: a later try learns
    the same.
    """

    def __init__(self, model: str, *, careful: bool) -> None:
        self._model = model
        self._asked = False
        self._known = asyncio.Event()
        self.excess = 0  # prompt tokens beyond the bound, at most
        self.longest = 0  # prompt tokens of a prompt that was beyond its bound, at most
        self.surplus = 0  # choices that nobody asked for, at most
        self.stretch = 0  # tokens of a sample beyond max_tokens, at most
        self.gives: int | None = None  # the most choices of a request, where it is fewer than asked
        self._met = False
        if not careful:
            self.over()

    async def turn(self) -> None:
        """Returns at once for the first call; for others when that one is over."""
        if self._asked:
            await self._known.wait()
        self._asked = True

    def over(self) -> None:
        """A call has ended, whatever it told."""
        self._asked = True
        self._known.set()

    @property
    def habits(self) -> tuple[int, int, int, int, int | None]:
        """All that bounds depend on."""
        return self.excess, self.longest, self.surplus, self.stretch, self.gives

    def most_tokens(self, bound: int) -> int:
        """The most tokens of a prompt with this bound. A shorter one than one that was beyond its
        bound has no more than that, whatever the bytes of a token.
        """
        return max(bound + self.excess, self.longest)

    def requests(self, samples: int) -> int:
        """How many requests bring so many samples."""
        return min(samples, 1) if self.gives is None else math.ceil(samples / self.gives)

    def saw(self, tokens: int, bound: int) -> None:
        """A reply to a prompt with this bound counted so many tokens."""
        if tokens <= bound:
            return
        if not self.excess:
            log.warning(
                "%s counts %d tokens for a prompt of at most %d: it adds some of its own; budgets "
                "reserve them from now on",
                self._model,
                tokens,
                bound,
            )
        self.excess = max(self.excess, tokens - bound)
        self.longest = max(self.longest, tokens)

    def gave(self, drawn: Sequence[Completion], max_tokens: int) -> None:
        """Samples that came in whole replies, in order."""
        good = [c for c in drawn if not c.error]
        firsts = [i for i, c in enumerate(good) if c.requests]
        for i, after in pairwise([*firsts, len(good)]):
            self._replied(good[i], after - i)
        choices = len(good) + sum(c.surplus for c in good)
        beyond = sum(c.completion_tokens + c.surplus_tokens for c in good) - max_tokens * choices
        if beyond > 0:
            self.stretch = max(self.stretch, math.ceil(beyond / choices))

    def _replied(self, first: Completion, samples: int) -> None:
        """Where the very first reply is short, all may be; later it is a fault of that one."""
        if self.gives is not None:
            self.gives = max(self.gives, samples)
        elif first.gave and not self._met:
            self.gives = first.gave
        self._met = True
        if first.surplus > self.surplus:
            if not self.surplus:
                log.warning(
                    "%s gives more choices than it is asked for; budgets reserve them from now on",
                    self._model,
                )
            self.surplus = first.surplus


@dataclass(frozen=True, slots=True)
class Charges:
    """Amounts of samples of one prompt.

    bound: the most tokens of the prompt, as far as we can tell; max_tokens: of a sample; once:
    whether the cost model counts the prompt once, with the first of the request's samples; cached:
    how many of its tokens it does not count at all, since they were computed before; served:
    whether a server bills its requests.
    """

    rates: Rates
    prompts: Prompts
    bound: int
    max_tokens: int
    once: bool
    served: bool
    first: int = 0
    cached: int = 0
    _known: dict[tuple[object, ...], dict[Unit, float]] = field(default_factory=dict, repr=False)

    @property
    def most_prompt_tokens(self) -> int:
        return self.prompts.most_tokens(self.bound)

    def worst(self, start: int, samples: int) -> dict[Unit, float]:
        """What the requests for samples from `start` on can't exceed."""
        key = (start == self.first, samples, self.prompts.habits)
        if key not in self._known:
            self._known[key] = self._amounts(
                start,
                self.most_prompt_tokens,
                self._longest(samples),
                samples,
                self.prompts.requests(samples),
                self.rates.worst,
            )
        return self._known[key]

    def prompts_in(self, start: int, samples: int) -> int:
        """How many prompts `worst` holds."""
        return self._billed(start, samples, self.prompts.requests(samples))

    def more_prompts(self, requests: int, tokens: int | None = None) -> dict[Unit, float]:
        """What so many requests more cost, for samples that `worst` holds already.

        tokens: of the prompt; by default as many as it may have.
        """
        prompt = self.most_prompt_tokens if tokens is None else tokens
        amounts = self.rates.of_samples(prompt, [], requests)
        return {u: amounts[u] if u in _BILLED else 0.0 for u in amounts}

    def lost(self, samples: int) -> dict[Unit, float]:
        """What one request for so many samples can't exceed; may be billed without a reply."""
        amounts = self.rates.worst.of_samples(self.most_prompt_tokens, self._longest(samples), 1)
        return {**amounts, "calls": float(samples)}

    def reported(self, prompt: int, completion: int, samples: int) -> dict[Unit, float]:
        """What one request cost that brought nothing but these counts of tokens."""
        amounts = self.rates.of_samples(prompt, [completion], 1)
        return {**amounts, "calls": float(samples)}

    def counted(self, start: int, drawn: Sequence[Completion]) -> dict[Unit, float]:
        """What these samples from `start` on count, whoever drew them."""
        requests = self.prompts.requests(len(drawn))
        return self._of(start, drawn, requests, 0)

    def actual(self, start: int, drawn: Sequence[Completion], vain: Vain) -> dict[Unit, float]:
        """What these samples from `start` on cost, and requests in vain besides."""
        asked_in_vain = vain.samples + sum(c.lost_samples for c in drawn)
        requests = vain.requests + sum(c.requests for c in drawn)
        return self._of(start, drawn, requests, asked_in_vain)

    def billed(self, start: int, reply: Sequence[Completion]) -> dict[Unit, float]:
        """What one reply with samples from `start` on was billed; 0 requests where it was not."""
        amounts = self._of(start, reply, min(1, reply[0].requests), 0)
        if reply[0].requests:  # a cache's price; what may be billed is bounded without it
            amounts["usd"] -= self.rates.discount(reply[0].cached_tokens)
        return amounts

    def _of(
        self, start: int, drawn: Sequence[Completion], requests: int, asked_in_vain: int
    ) -> dict[Unit, float]:
        if drawn:
            prompt = max(c.prompt_tokens for c in drawn)
        else:
            prompt = self.most_prompt_tokens if requests else 0
        lengths = [c.completion_tokens for c in drawn] + [self.max_tokens] * asked_in_vain
        surplus = sum(c.surplus_tokens for c in drawn)
        lengths += [surplus] * (surplus > 0)
        amounts = self._amounts(start, prompt, lengths, len(drawn), requests)
        tokens, *flops = self._speculated(prompt, drawn, asked_in_vain)
        amounts["tokens"] += tokens
        amounts["flops"] += sum(flops)
        return {**amounts, "calls": float(len(drawn) + asked_in_vain)}

    def _speculated(
        self, prompt: float, drawn: Sequence[Completion], asked_in_vain: int
    ) -> list[float]:
        """Tokens and FLOPs of drafts: measured where samples came, else at their worst."""
        found = [*self.rates.speculated(drawn)]
        if asked_in_vain and self.rates.drafting is not None:
            lengths = [self.max_tokens] * asked_in_vain
            worst = self.rates.worst.of_samples(prompt, lengths, 0)
            plain = self.rates.of_samples(prompt, lengths, 0)
            found[0] += worst["tokens"] - plain["tokens"]
            found[1] += worst["flops"] - plain["flops"]
        return found

    def prompt_tokens(self, start: int, drawn: Sequence[Completion]) -> list[int]:
        """Prompt tokens to be counted for each of these samples."""
        longest = max((c.prompt_tokens for c in drawn), default=0)
        requests = self.prompts.requests(len(drawn))
        if not self.served:
            longest -= min(longest, self._cached)
        bills = min(len(drawn), self._billed(start, len(drawn), requests))
        return [longest] * bills + [0] * (len(drawn) - bills)

    @property
    def _cached(self) -> int:
        return self.cached if self.once else 0

    @property
    def _rereads(self) -> bool:
        """Whether a server bills what the cost model takes to be cached."""
        return self.served and self._cached > 0

    def _longest(self, samples: int) -> list[int]:
        """Lengths that no samples exceed, with those that nobody asked for."""
        beyond = self.prompts.surplus * self.prompts.requests(samples)
        return [self.max_tokens + self.prompts.stretch] * (samples + beyond)

    def _convention(self, start: int, samples: int) -> int:
        """How many times the cost model counts the prompt."""
        if self.once:
            return 1 if start == self.first else 0
        return samples

    def _billed(self, start: int, samples: int, requests: int) -> int:
        """How many times budgets of tokens and dollars count the prompt."""
        counted = self._convention(start, samples)
        return max(counted, requests) if self.served else counted

    def _amounts(
        self,
        start: int,
        prompt: float,
        lengths: Sequence[float],
        samples: int,
        requests: int,
        rates: Rates | None = None,
    ) -> dict[Unit, float]:
        """rates: other ones than its own."""
        rates = rates or self.rates
        times = self._convention(start, samples)
        counted = rates.of_samples(prompt, lengths, times, self._cached)
        counted["calls"] = float(samples)
        if (bills := self._billed(start, samples, requests)) == times and not self._rereads:
            return counted
        billed = rates.of_samples(prompt, lengths, bills)
        return {u: billed[u] if u in _BILLED else counted[u] for u in counted}
