"""Attempt at a problem -> solutions, one file per method."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

from ttc.core import Attempt, Role, Solution
from ttc.registry import Kind, MethodPart


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
        out; what those cost can't be told beforehand.
        """
        return {}

    def fewer(self, solutions: int) -> Self:
        """The same with at most so many solutions for a problem, where it can: for pilots."""
        return self

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        """Solutions of the attempt's problem; fewer than wanted where the budget ends."""
        raise NotImplementedError
