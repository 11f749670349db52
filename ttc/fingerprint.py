"""Which model is it really? Log probabilities of first tokens after fixed prompts tell.

Two servers with the same name may serve different weights, quantisations or templates, and a
hosted model may change under its name. The distribution of the first token after a prompt does
not depend on sampling, so a handful of prompts identifies a model far better than its texts.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from ttc.core import Call, Capabilities, Completion, Message, Prompt, SamplingParams
from ttc.errors import BackendError, RetryableError

PROMPTS = (
    "The capital of France is",
    "2 + 2 =",
    "def add(a, b):\n    return",
    "Problem: Start with 17. Plus 25. What is left?\nSolution:\n",
    "Once upon a time, there was a",
    "La somme des angles d'un triangle vaut",
    "1, 1, 2, 3, 5, 8,",
    "Is the answer correct (Yes/No)?",
)
TOP = 5
_FEWEST = 4  # prompts with an answer; below that there is nothing to compare
# Nats, see docs/decisions/0007-fingerprints.md: one server moves by hundredths from call to call,
# other kernels and fine quantisations by tenths, other networks by several.
_SAME, _CLOSE = 0.15, 1.0
# Tokens less likely than that are left out: noise moves their logprobs most.
_SEEN = math.log(0.01)

_SLACK = 0.02  # by which rounding may spoil a sum of probabilities

Distribution = Mapping[str, float]
Ask = Callable[[Call], Awaitable[Sequence[Completion]]]


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Top first tokens with their log probabilities (nats), by prompt. Plain data, to be stored.

    chat: prompts were sent as chat turns, through the server's template, not as they are.
    """

    chat: bool
    tops: Mapping[str, Distribution]

    @property
    def digest(self) -> str:
        """A short name by the likeliest tokens alone: noise moves it only where two are as likely.

        Equal digests don't prove equal models, `changed` looks closer.
        """
        best = [max(top, key=lambda t: (top[t], t)) if top else "" for top in self.tops.values()]
        return hashlib.sha256(json.dumps([self.chat, best]).encode()).hexdigest()[:12]

    def as_dict(self) -> dict[str, object]:
        return {"chat": self.chat, "tops": {p: dict(top) for p, top in self.tops.items()}}

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Fingerprint:
        """From `as_dict`, such as a manifest's. Raises `ValueError` for anything else."""
        tops = data.get("tops")
        if not isinstance(tops, Mapping) or not all(isinstance(t, Mapping) for t in tops.values()):
            raise ValueError("a fingerprint's `tops` maps prompts to tokens")
        return cls(bool(data.get("chat")), {str(p): dict(top) for p, top in tops.items()})


async def take_fingerprint(offered: Capabilities, ask: Ask) -> Fingerprint:
    """Ask for one token after each of a few prompts: as they are or, where that can't be, as chat.

    Raises `BackendError` where there are no logprobs or no answers.
    """
    if offered.logprobs == 0:
        raise BackendError("no fingerprint: the backend gives no logprobs")
    first, *other = _routes(offered)
    try:
        return await _take(first, offered, ask)
    except RetryableError:  # another route would make another fingerprint
        raise
    except BackendError:
        if not other:
            raise
    return await _take(other[0], offered, ask)


def fingerprint_calls(offered: Capabilities) -> list[Call]:
    """All calls that `take_fingerprint` may ask for, each of them once."""
    return [call for chat in _routes(offered) for call in _calls(chat, offered)]


def _routes(offered: Capabilities) -> list[bool]:
    """Whether to send prompts as chat: in order, where one way fails the next is tried."""
    if not offered.raw:
        return [True]
    return [False, True] if offered.chat else [False]


def _calls(chat: bool, offered: Capabilities) -> list[Call]:
    params = SamplingParams(max_tokens=1, logprobs=min(TOP, offered.logprobs))
    prompts = (
        Prompt(messages=(Message("user", text),)) if chat else Prompt(text=text) for text in PROMPTS
    )
    return [Call(prompt, params, (1,)) for prompt in prompts]


async def _take(chat: bool, offered: Capabilities, ask: Ask) -> Fingerprint:
    async def one(call: Call) -> Distribution:
        (found, *_) = await ask(call)
        top = found.logprobs[0].top if found.logprobs else {}
        return {token: round(nats, 4) for token, nats in top.items() if math.isfinite(nats)}

    answers = await asyncio.gather(*map(one, _calls(chat, offered)), return_exceptions=True)
    errors = [a for a in answers if isinstance(a, BaseException)]
    tops = {p: a for p, a in zip(PROMPTS, answers, strict=True) if isinstance(a, Mapping) and a}
    if len(tops) >= _FEWEST and all(isinstance(e, BackendError) for e in errors):
        return Fingerprint(chat, tops)
    if errors:
        raise errors[0]
    raise BackendError("no fingerprint: the server ignores the wish for logprobs")


def distance(a: Fingerprint, b: Fingerprint) -> float | None:
    """Median over prompts of how far the logprob of a likely token moved at most (nats).

    None where they can't be compared: taken by different routes, or with different prompts.
    """
    common = [prompt for prompt in a.tops if a.tops[prompt] and b.tops.get(prompt)]
    if a.chat != b.chat or len(common) < _FEWEST:
        return None
    return median(_gap(a.tops[p], b.tops[p]) for p in common)


def _gap(a: Distribution, b: Distribution) -> float:
    gaps = [0.0]
    for one, other in ((a, b), (b, a)):
        floor = _most_unlisted(other)
        for token, nats in one.items():
            if nats >= _SEEN:
                gap = nats - other.get(token, floor)
                gaps.append(abs(gap) if token in other else max(0.0, gap))
    return max(gaps)


def _most_unlisted(listed: Distribution) -> float:
    """Logprob that no other token exceeds: those listed are likelier, and all sum to 1."""
    rest = 1 - sum(math.exp(min(nats, 0.0)) for nats in listed.values())
    return min(*listed.values(), math.log(max(0.0, rest) + _SLACK))


def another(a: Fingerprint, b: Fingerprint) -> bool:
    """Whether these are of two models, beyond what number formats and kernels do to one."""
    gap = distance(a, b)
    return gap is not None and gap > _CLOSE


def changed(before: Fingerprint, now: Fingerprint) -> str | None:
    """How the served model differs from what it was, in words; None where it does not, or where
    that can't be told.
    """
    gap = distance(before, now)
    if gap is None or gap <= _SAME:
        return None
    if gap <= _CLOSE:
        return (
            f"its logprobs moved by {gap:.2f} nats: another number format, quantisation or server "
            "version?"
        )
    return f"its first tokens after fixed prompts differ by {gap:.1f} nats, as another model's do"
