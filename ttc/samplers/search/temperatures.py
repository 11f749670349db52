"""Temperatures that are drawn for each solution: of a list, or of a range."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

Temperature = Annotated[float, Field(ge=0, le=1000)]


class Between(BaseModel):
    """Any temperature from `low` to `high`, all as likely."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
    low: Temperature
    high: Temperature

    @model_validator(mode="after")
    def _ascends(self) -> Self:
        if self.low > self.high:
            raise ValueError("low must not be above high")
        return self


def drawn(of: Sequence[float] | Between, rng: np.random.Generator) -> float | None:
    """One of them, all as likely; None where there are none."""
    if isinstance(of, Between):
        return float(rng.uniform(of.low, of.high))
    return float(rng.choice(of)) if of else None
