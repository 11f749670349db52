"""What searches that try several steps at a time have in common: how many, and how far ahead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from pydantic import Field, model_validator

from ttc.core import Role
from ttc.samplers.search.leading import Choice
from ttc.samplers.search.paths import StepSampler


class WideSampler(StepSampler):
    """Base of searches that keep n/m paths and try m steps from each."""

    beams: int = Field(default=4, ge=1, le=4096)
    """Partial solutions at each step, and solutions in all (n); a multiple of the width."""
    width: int = Field(default=4, ge=1, le=4096)
    """Steps that are tried at a time from each path that is kept (m); there are n/m of these."""
    look_ahead: int = Field(default=0, ge=0, le=1000)
    """Further steps, at temperature 0, after which a step is scored."""
    choose: Choice = "best"
    """The answer: the finished solution with the highest score, or, by a vote weighted by scores,
    the best one of the answer that wins."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.beams % self.width:
            raise ValueError(f"beams ({self.beams}) must be a multiple of width ({self.width})")
        return self

    def most_solutions(self) -> int | None:
        return self.beams

    def most_samples(self) -> Mapping[Role, int]:
        steps = self.most_steps * self.beams
        return {"solver": steps * (1 + self.look_ahead), "reward": steps}
