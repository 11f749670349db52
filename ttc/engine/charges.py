"""What samples cost: by the cost model's convention, and as a server bills for them.

A cost model may count a prompt once for all of its samples, as a cached prefix. Whoever serves a
model bills it with every request, and may bill a request whose reply never arrived. So what counts
against a budget of tokens or dollars, for a served model, is the larger of the two.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

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
    """How far a server's counts of prompt tokens pass our bound, as its replies have shown.

    A bound by bytes can't know what a server's template or a hidden system prompt adds. So, where a
    budget depends on it (`careful`), the first call goes alone, and tells before others are sent.
    """

    def __init__(self, model: str, *, careful: bool) -> None:
        self._model = model
        self._asked = False
        self._known = asyncio.Event()
        self.excess = 0
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

    def saw(self, tokens: int, bound: int) -> None:
        """A reply to a prompt with this bound counted so many tokens."""
        if tokens <= bound + self.excess:
            return
        if not self.excess:
            log.warning(
                "%s counts %d tokens for a prompt of at most %d: it adds some of its own; budgets "
                "reserve them from now on",
                self._model,
                tokens,
                bound,
            )
        self.excess = tokens - bound


@dataclass(frozen=True, slots=True)
class Charges:
    """Amounts of samples of one prompt.

    bound: the most tokens of the prompt, as far as we can tell; max_tokens: of a sample; once:
    whether the cost model counts the prompt once; served: whether a server bills its requests.
    """

    rates: Rates
    prompts: Prompts
    bound: int
    max_tokens: int
    once: bool
    served: bool

    @property
    def most_prompt_tokens(self) -> int:
        return self.bound + self.prompts.excess

    def worst(self, start: int, samples: int) -> dict[Unit, float]:
        """What one request for samples from `start` on can't exceed."""
        longest = [self.max_tokens] * samples
        return self._amounts(start, self.most_prompt_tokens, longest, samples, 1)

    def prompts_in(self, start: int, samples: int) -> int:
        """How many prompts `worst` holds."""
        return self._billed(start, samples, 1)

    def more_prompts(self, requests: int) -> dict[Unit, float]:
        """What so many requests more can't exceed, for samples that `worst` holds already."""
        amounts = self.rates.of_samples(self.most_prompt_tokens, [], requests)
        return {u: amounts[u] if u in _BILLED else 0.0 for u in amounts}

    def lost(self, samples: int) -> dict[Unit, float]:
        """What one request for so many samples can't exceed; may be billed without a reply."""
        longest = [self.max_tokens] * samples
        return self.rates.of_samples(self.most_prompt_tokens, longest, 1)

    def actual(self, start: int, drawn: Sequence[Completion], vain: Vain) -> dict[Unit, float]:
        """What these samples from `start` on cost, and requests in vain besides."""
        asked_in_vain = vain.samples + sum(c.lost_samples for c in drawn)
        requests = vain.requests + sum(c.requests for c in drawn)
        if drawn:
            prompt = max(c.prompt_tokens for c in drawn)
        else:
            prompt = self.most_prompt_tokens if requests else 0
        lengths = [c.completion_tokens for c in drawn] + [self.max_tokens] * asked_in_vain
        return self._amounts(start, prompt, lengths, len(drawn), requests)

    def of_vain(self, start: int, vain: Vain) -> dict[Unit, float]:
        """What requests that brought no sample may cost."""
        return self.actual(start, [], vain)

    def prompt_tokens(self, start: int, drawn: Sequence[Completion]) -> int:
        """Prompt tokens to be counted for these samples."""
        longest = max((c.prompt_tokens for c in drawn), default=0)
        return longest * self._billed(start, len(drawn), sum(c.requests for c in drawn))

    def _convention(self, start: int, samples: int) -> int:
        """How many times the cost model counts the prompt."""
        if self.once:
            return 1 if start == 0 else 0
        return samples

    def _billed(self, start: int, samples: int, requests: int) -> int:
        """How many times budgets of tokens and dollars count the prompt."""
        counted = self._convention(start, samples)
        return max(counted, requests) if self.served else counted

    def _amounts(
        self, start: int, prompt: float, lengths: Sequence[float], samples: int, requests: int
    ) -> dict[Unit, float]:
        times = self._convention(start, samples)
        counted = self.rates.of_samples(prompt, lengths, times)
        if (bills := self._billed(start, samples, requests)) == times:
            return counted
        billed = self.rates.of_samples(prompt, lengths, bills)
        return {u: billed[u] if u in _BILLED else counted[u] for u in counted}
