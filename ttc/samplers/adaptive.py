"""Solutions one after the other until a stopping rule has enough: pay for easy problems less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import Field, field_validator, model_validator

from ttc.analysis.drawn import OF_VERIFICATIONS, Drawn
from ttc.core import Attempt, Role, Solution
from ttc.policies import StoppingRule
from ttc.refs import PolicyRef
from ttc.registry import Part, register
from ttc.samplers import SamplerPart
from ttc.samplers.independent import Independent


@register
class Adaptive(SamplerPart):
    """Draws until its stopping rule has enough: adaptive_consistency, esc or one of your own."""

    type: Literal["adaptive"] = "adaptive"
    rule: PolicyRef
    """When to stop, and which answer that is: a policy that stops."""
    draw: Independent = Independent()
    """How each solution is drawn; its number of solutions is not used."""
    most: int = Field(default=40, ge=1, le=1_000_000)
    """Solutions at most."""
    window: int | None = Field(default=None, ge=1, le=1_000_000)
    """Solutions drawn at a time, after which the rule looks; where none is given, the rule's."""

    @field_validator("rule")
    @classmethod
    def _stops(cls, rule: Part) -> Part:
        if not isinstance(rule, StoppingRule):
            raise ValueError("must be a policy that stops, such as adaptive_consistency or esc")
        if rule.reads & OF_VERIFICATIONS:
            raise ValueError("must read no verifications: none are made while solutions are drawn")
        return rule

    @model_validator(mode="after")
    def _sees(self) -> Adaptive:
        if "confidence" in getattr(self.rule, "reads", ()) and not self.draw.logprobs:
            raise ValueError("the rule reads confidences, so draw needs logprobs: true")
        return self

    def most_solutions(self) -> int:
        return self.most

    def most_samples(self) -> Mapping[Role, int]:
        return {"solver": self.most}

    def longest(self) -> Mapping[Role, int]:
        return self.draw.longest()

    def templates(self) -> Mapping[Role, str | None]:
        return self.draw.templates()

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        assert isinstance(self.rule, StoppingRule)
        found: list[Solution] = []
        window = self.window or self.rule.window
        while len(found) < self.most and not attempt.refused:
            found += await self.draw.some(attempt, min(window, self.most - len(found)))
            drawn = Drawn.of(found, attempt.classes(found))
            choice = self.rule.checked(drawn)
            if choice >= 0:
                attempt.answer(found[drawn.first(choice)])
            if self.rule.enough(drawn):
                if choice < 0 and (drawn.classes >= 0).any():
                    attempt.answer(attempt.solution("", ()))  # withheld, for all that it has seen
                break
        return found
