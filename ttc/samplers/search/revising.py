"""Samplers that have solutions criticised and written anew, perhaps by another model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from ttc.core import Ask, Attempt, Role, Solution
from ttc.refs import BackendRef, CriticRef
from ttc.samplers import Growing
from ttc.samplers.search.critics import critic_longest, critic_samples, revision_growing
from ttc.samplers.search.drafts import DraftSampler
from ttc.thinking import without_thinking


class RevisingSampler(DraftSampler):
    """Base of samplers that show a model a solution and what a critic says of it."""

    roles: ClassVar[Mapping[str, Role]] = {"critic": "critic", "reviser": "reviser"}
    prompt_models: ClassVar[Mapping[str, str]] = {"revise_prompt": "reviser"}
    prompt_variables: ClassVar[Mapping[str, frozenset[str]]] = {
        "prompt": frozenset(),
        "revise_prompt": frozenset({"solution", "verification"}),
    }

    critic: CriticRef
    """Who criticises."""
    revise_prompt: str = "revise"
    """Prompt template with {{ question }}, {{ solution }} and {{ verification }}, the criticism."""
    reviser: BackendRef | None = None
    """The model that writes solutions anew; the recipe's where none is named."""

    def samples(self, first: int, again: int, judged: int) -> Mapping[Role, int] | None:
        """Samples at most, by role, of so many first solutions, revisions and solutions judged."""
        judging = critic_samples(self.critic, judged)
        if judging is None:
            return None
        if self.reviser is None:
            return {"solver": first + again, **judging}
        return {"solver": first, "reviser": again, **judging}

    def longest(self) -> Mapping[Role, int]:
        again = {} if self.reviser is None else {"reviser": self.max_tokens}
        return {**super().longest(), **again, **critic_longest(self.critic)}

    def revisions(self, more: int) -> Mapping[Role, Growing]:
        """What stands in prompts. more: tokens of what revisions show beside draft and verdict."""
        apart, first, again = self.reviser is not None, self.prompt, self.revise_prompt
        return revision_growing(self.critic, first, again, self.max_tokens, apart, more)

    def revise(self, attempt: Attempt, solution: Solution, said: str) -> Ask:
        """Another solution, behind this one and what is said of it."""
        return self.anew(
            attempt,
            self.revise_prompt,
            by="backend" if self.reviser is None else "reviser",
            after=attempt.samples(solution)[-1],
            show={"solution": without_thinking(solution.text), "verification": said},
        )
