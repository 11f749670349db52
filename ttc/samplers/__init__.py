"""Attempt at a problem -> solutions, one file per method."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from ttc.core import Attempt, Solution
from ttc.registry import Kind, Part


class SamplerPart(Part):
    """Base of sampler configs."""

    kind: ClassVar[Kind] = "sampler"
    exchangeable: ClassVar[bool] = False
    """Whether its solutions are independent draws, so that any S of them are S draws."""

    @property
    def needs(self) -> Mapping[str, int]:
        """The least capabilities of the model that it can't do without, by name.

        Such as {"logprobs": 1}; see `ttc.core.Capabilities`. Recipes are checked against them.
        """
        return {}

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        """Solutions of the attempt's problem; fewer than wanted where the budget ends."""
        raise NotImplementedError
