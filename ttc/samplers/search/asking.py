"""Methods inside a method that ask by a prompt of their own: stages, mutations."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from ttc.core import SamplingParams
from ttc.prompts import PromptTemplate
from ttc.registry import Kind, MethodPart


class Asking(MethodPart):
    """Base of what samplers hold several of, each with a prompt and a way of sampling."""

    kind: ClassVar[Kind] = "sampler"

    temperature: float = Field(default=0.8, ge=0, le=1000)
    """Sampling temperature."""
    top_p: float = Field(default=1.0, gt=0, le=1)
    """Nucleus sampling."""
    max_tokens: int = Field(default=1024, ge=1, le=100_000_000)
    """Longest sample in tokens; what the budget reserves for each."""

    def params(self, template: PromptTemplate) -> SamplingParams:
        """How a sample is drawn by a template."""
        return SamplingParams(
            temperature=self.temperature,
            top_p=self.top_p,
            max_tokens=self.max_tokens,
            stop=template.stop,
        )
