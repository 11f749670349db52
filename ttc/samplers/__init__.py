"""Attempt at a problem -> solutions, one file per method."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from ttc.core import Attempt, Role, Solution
from ttc.registry import Kind, MethodPart


@dataclass(frozen=True)
class Growing:
    """What stands in prompts of a role that are more than a template with the problem.

    templates: one of them begins it (None stands for the dataset's own). tokens: at most, of what
    was sampled before and of texts that the method puts in. turns: templates that stand in it
    besides, each as often as it is named.
    """

    templates: tuple[str | None, ...]
    tokens: int = 0
    turns: tuple[str, ...] = ()


class SamplerPart(MethodPart):
    """Base of sampler configs."""

    kind: ClassVar[Kind] = "sampler"
    exchangeable: ClassVar[bool] = False
    """Whether any S of its solutions are as good as S that are drawn anew, independent of each
    other and of how many there are. Only then can curves over S be told from one pool."""

    def most_solutions(self) -> int | None:
        """The most solutions that it gives for a problem; None where it can't be told."""
        return None

    def most_samples(self) -> Mapping[Role, int] | None:
        """The most samples that it asks for, by role; None where it can't be told."""
        return None

    def longest(self) -> Mapping[Role, int]:
        """The most tokens that a sample has, by role, as far as they are known."""
        return {}

    def templates(self) -> Mapping[Role, str | None]:
        """The prompt template of roles that are asked one prompt for a problem, made from it alone.

        None stands for the dataset's own. Roles whose prompts grow, or are made otherwise, are left
        out; what those cost is bounded by `growing`.
        """
        return {}

    def growing(self) -> Mapping[Role, Growing]:
        """What else stands in the prompts of roles that `templates` leaves out.

        Of roles that are in neither, only a model's context bounds the prompts.
        """
        return {}

    @property
    def first_longest(self) -> str:
        """The key, inside the sampler, of how long the samples of its first request may be: what
        to lower where a budget has no room for it. Empty where there is none.
        """
        for key, part in (("", self), ("draw.", getattr(self, "draw", None))):
            if "max_tokens" in getattr(type(part), "model_fields", ()):
                return f"{key}max_tokens"
        return ""

    def fewer(self, solutions: int) -> Self:
        """The same with at most so many solutions for a problem, where it can: for pilots."""
        return self

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        """Solutions of the attempt's problem; fewer than wanted where the budget ends."""
        raise NotImplementedError
