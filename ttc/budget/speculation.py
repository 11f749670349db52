"""What speculative decoding costs: measured, at its worst, and as a closed form expects it.

A draft proposes tokens, the target reads all of them in one pass and draws one more. With alpha the
chance that a draft is taken, gamma drafts in a round and c the price of a draft's pass over one of
the target's (arXiv 2211.17192, equation 1, theorems 3.8 and 3.11, for independent drafts),

    tokens of a round    E = (1 - alpha^(gamma + 1)) / (1 - alpha)
    times faster         E / (gamma c + 1)                with c in seconds, passes being equal
    times the FLOPs      (gamma c + gamma + 1) / E        with c in FLOPs of a token
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ttc.budget.flops import FlopCounter
from ttc.core import Completion, Speculated

_STEPS = 60  # halvings


def accepted_length(acceptance: float, tokens: int) -> float:
    """Tokens that a round brings on average, one of them the target's own."""
    if acceptance == 1:
        return tokens + 1.0
    return float((1 - acceptance ** (tokens + 1)) / (1 - acceptance))


def acceptance_of(length: float, tokens: int) -> float:
    """The chance that a draft is taken, where rounds bring so many tokens; within [0, 1]."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if accepted_length(middle, tokens) < length else (low, middle)
    return (low + high) / 2


class Speculation(BaseModel):
    """Of a served model whose server drafts: what its rounds bring, by its own metrics."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
    tokens: int = Field(ge=1, le=256)
    """Tokens that are drafted in a round (vLLM: num_speculative_tokens)."""
    acceptance: float | None = Field(default=None, ge=0, le=1)
    """The chance that a draft is taken whose predecessors in its round were (alpha)."""
    length: float | None = Field(default=None, ge=1)
    """Instead, what was measured: tokens of a round on average, the target's own included (vLLM:
    mean acceptance length)."""
    draft_parameters: float = Field(default=0.0, ge=0)
    """Parameters of the draft; 0 where drafts are looked up in the text."""
    draft_time: float | None = Field(default=None, ge=0)
    """Seconds of a draft's pass over those of a pass of the target."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.acceptance is None) == (self.length is None):
            raise ValueError("give either acceptance, or the measured length")
        if self.length is not None and self.length > self.tokens + 1:
            raise ValueError(
                f"a round of {self.tokens} drafts brings {self.tokens + 1} tokens at most, not "
                f"{self.length:g}"
            )
        return self

    @property
    def accepted_length(self) -> float:
        """Tokens of a round, one of them the target's own."""
        if self.length is not None:
            return self.length
        assert self.acceptance is not None
        return accepted_length(self.acceptance, self.tokens)

    @property
    def speed_up(self) -> float | None:
        """How many times faster tokens come; None where a draft's time is not known."""
        if self.draft_time is None:
            return None
        return self.accepted_length / (self.tokens * self.draft_time + 1)

    def decode(self, target: FlopCounter) -> FlopCounter:
        """FLOPs by sampled token of the target with its draft, as they are expected.

        The draft is taken to attend to nothing: of its shape, no more than its size is known.
        """
        positions = (self.tokens + 1) / self.accepted_length
        drafts = self.tokens / self.accepted_length
        return replace(
            target,
            completion_token=positions * target.completion_token
            + drafts * FlopCounter.simple(self.draft_parameters).completion_token,
            pair=positions * target.pair,
        )

    def flops_ratio(self, target: FlopCounter) -> float:
        """FLOPs of a sampled token over those without speculation, attention apart."""
        return self.decode(target).completion_token / target.completion_token


@dataclass(frozen=True, slots=True)
class Drafting:
    """A draft whose work is measured with each sample.

    name: the draft's; draft: its FLOPs, None where unknown; tokens: it proposes in a round at most;
    reads: places that it computes for that.
    """

    name: str
    draft: FlopCounter | None
    tokens: int
    reads: int

    def worst(self, target: FlopCounter) -> FlopCounter:
        """FLOPs by sampled token that no sample exceeds: every round brings one token only.

        The pairs of extra places, which may see all of the sample, are counted with twice the
        context that its tokens have on average.
        """
        assert self.draft is not None
        return replace(
            target,
            completion_token=(1 + self.tokens) * target.completion_token
            + self.reads * self.draft.completion_token,
            pair=2 * ((1 + self.tokens) * target.pair + self.reads * self.draft.pair),
        )

    def flops(
        self, target: FlopCounter, prompt: float, tokens: float, done: Speculated
    ) -> tuple[float, float]:
        """FLOPs of the draft, its prompt apart, and of the target beyond those of a sample of so
        many tokens without speculation.
        """
        if self.draft is None:
            return 0.0, 0.0
        draft = self.draft.completion_token * done.drafted + self.draft.pair * done.drafted_context
        # Of the places that its tokens were drawn at, without speculation as with it.
        contexts = prompt * tokens + tokens * (tokens - 1) / 2
        more = target.completion_token * (done.verified - tokens)
        return draft, more + target.pair * (done.verified_context - contexts)


def stated(facts: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What a model's facts say of its draft: `draft`, its name, its `facts`, `tokens` and `reads`;
    None where they say nothing that can be.
    """
    found = facts.get("speculation")
    if not isinstance(found, Mapping):
        return None
    counts = [found.get("tokens"), found.get("reads")]
    whole = all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in counts)
    return found if whole and isinstance(found.get("facts"), Mapping) else None


def total(drawn: Sequence[Completion]) -> Speculated | None:
    """Over samples; None where none was drafted."""
    known = [c.speculated for c in drawn if c.speculated is not None]
    if not known:
        return None
    return Speculated(
        *(sum(getattr(one, name) for one in known) for name in Speculated.__dataclass_fields__)
    )
