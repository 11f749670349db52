"""What a recipe says of batch mode."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ttc.core.batches import BatchTerms

Mode = Literal["now", "batch"]
PRICED_LOWER = 0.5
"""The part of its usual prices that a provider asks for batches, where it says so publicly."""


class BatchSettings(BaseModel):
    """How calls travel in batches; nothing of this changes what is sampled."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
    gather_s: float = Field(default=5.0, gt=0, le=3600)
    """Seconds without a new call after which the calls that wait are submitted."""
    poll_s: float = Field(default=60.0, gt=0, le=86_400)
    """Longest pause between two looks at a batch, in seconds; the first ones are shorter."""
    max_requests: int = Field(default=50_000, ge=1, le=10_000_000)
    """Most calls of one batch; OpenAI takes 50,000."""
    max_megabytes: float = Field(default=200.0, gt=0, le=100_000)
    """Most megabytes (a million bytes) of a batch's file; OpenAI takes 200."""
    expired: Literal["resubmit", "fail"] = "resubmit"
    """What becomes of calls that a batch did not get to in time: another batch, or a failure."""

    @property
    def terms(self) -> BatchTerms:
        return BatchTerms(
            requests=self.max_requests,
            size=int(self.max_megabytes * 1e6),
            gather_s=self.gather_s,
            poll_s=self.poll_s,
            expired=self.expired,
        )
