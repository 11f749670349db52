"""Selective branching: accept early inside a calibrated region (after SDM, arXiv 2509.12760)."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from ttc.policies import Drawn, StoppingRule, plurality
from ttc.registry import register


@register
class Selective(StoppingRule):
    """Accepts the vote of its first solutions inside a region; outside draws on, or withholds.

    The region is what agreement and token probabilities say of the first `window` solutions;
    `ttc adapt RUN --calibrate` finds one whose error is bounded. SDM's own region is of hidden
    states, by their likeness to training examples, which no served model shows: none of that is
    here.
    """

    title: ClassVar[str] = "selective branching"
    grid: ClassVar[dict[str, tuple[float, ...]]] = {"margin": (0.2, 0.4, 0.6, 0.8, 1)}

    type: Literal["selective"] = "selective"
    window: int = Field(default=5, ge=1, le=1_000_000)
    """Solutions after which it is decided whether one answer is accepted."""
    margin: float = Field(default=1.0, ge=0, le=1)
    """Share of the leading answer less that of the next, from which it is inside."""
    probability: float = Field(default=0.0, ge=0, le=1)
    """Geometric mean probability of a token in the leader's solutions, from which it is inside."""
    otherwise: Literal["more", "withhold"] = "more"
    """Outside: more solutions, all of which vote in the end; or no answer at all."""

    @property
    def reads(self) -> frozenset[str]:  # type: ignore[override]
        return frozenset({"confidence"} if self.probability > 0 else ())

    def choose(self, drawn: Drawn) -> int:
        if self.otherwise == "withhold" and not self.inside(drawn):
            return -1
        return plurality(drawn.classes[: self.window] if self.inside(drawn) else drawn.classes)

    def enough(self, drawn: Drawn) -> bool:
        if len(drawn) < self.window:
            return False
        return self.otherwise == "withhold" or self.inside(drawn)

    def inside(self, drawn: Drawn) -> bool:
        """Whether the first solutions lie in the region."""
        margin, probability = features(drawn, self.window)
        enough = len(drawn) >= self.window and margin >= self.margin - 1e-9
        return enough and not (self.probability > 0 and not probability >= self.probability)


def features(drawn: Drawn, window: int) -> tuple[float, float]:
    """Margin of the leading answer among the first solutions, and its mean token probability.

    The margin is 0 where nothing leads; the probability NaN where nobody knows it.
    """
    first = drawn.head(window)
    choice = plurality(first.classes)
    if choice < 0:
        return 0.0, float("nan")
    most, next_ = first.top_two()
    known = first.confidence[first.classes == choice]
    known = known[~np.isnan(known)]
    probability = float(np.exp(known.mean())) if len(known) else float("nan")
    return (most - next_) / len(first), probability
