"""Samples of a run that could not be had, as its manifest and its status keep them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Failure(BaseModel):
    """Failed samples of one reason; the tables hold them with it as their `finish_reason`."""

    model_config = ConfigDict(extra="ignore")

    samples: int = 0
    from_journal: int = Field(default=0, description="Of these, failed in an earlier run or try.")
    example: str = Field(default="", description="What was said of one of them.")
    fix: str = Field(default="", description="What would help.")
