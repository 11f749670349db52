"""What an attempt writes down of itself: every sample it got, and every answer it gave so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ttc.core.model import Role

Fate = Literal["kept", "judged", "discarded"]
"""Of a sample: part of a stored solution, a judgement or reading of one, or neither."""


@dataclass(frozen=True, slots=True)
class SampleTrace:
    """One sample, reading or program that an attempt paid for.

    number: its place in the attempt, as if branches were gone through one after the other; branch:
    where the attempt was split, as "0.1"; after: the number of the sample that it continues.
    `prompt_tokens` is the whole prompt, `cached_tokens` what of it does not count, since the
    attempt has had it computed before. seconds: of its call. verifier: the label of the recipe's
    verifier for which it was, None where it is the sampler's. wave: which request of its branch it
    came of, from 0; what an attempt asks together is one.

    Where a smaller network drafted its tokens: `rounds` of the target, tokens `drafted`, of these
    `accepted`, and how much of `flops` is the draft's for them and the target's for drafts that
    were discarded; else None.
    """

    problem_id: str
    repeat: int
    branch: str
    number: int
    role: Role
    after: int | None
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    flops: float | None
    usd: float | None
    requests: int
    seconds: float
    finish_reason: str
    stopped_by: str | None = None
    score: float | None = None
    verifier: str | None = None
    fate: Fate = "discarded"
    wave: int | None = None
    rounds: int | None = None
    drafted: int | None = None
    accepted: int | None = None
    draft_flops: float | None = None
    discarded_flops: float | None = None

    @property
    def sampled(self) -> int:
        """Tokens that were drawn for it, discarded drafts among them."""
        return self.completion_tokens + (self.drafted or 0) - (self.accepted or 0)


@dataclass(frozen=True, slots=True)
class Used:
    """What an attempt has used up to a moment. latency: seconds along its longest branch."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    amounts: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    latency: float = 0.0


@dataclass(frozen=True, slots=True)
class AnswerTrace:
    """An answer that an attempt would have given, had it stopped then; the last one is final."""

    problem_id: str
    repeat: int
    branch: str
    number: int
    solution_index: int
    spent: Used
    final: bool = False
