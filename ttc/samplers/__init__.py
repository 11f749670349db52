"""Problem + model -> solutions, one file per method."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from ttc.answers import AnswerRule
from ttc.core import Model, Problem, Solution
from ttc.registry import Kind, Part


class SamplerPart(Part):
    """Base of sampler configs."""

    kind: ClassVar[Kind] = "sampler"

    @property
    def needs(self) -> Mapping[str, int]:
        """The least capabilities of the model that it can't do without, by name.

        Such as {"logprobs": 1}; see `ttc.core.Capabilities`. Recipes are checked against them.
        """
        return {}

    async def sample(
        self, problem: Problem, model: Model, answers: AnswerRule, default_prompt: str
    ) -> Sequence[Solution]:
        """Solutions of one problem, in index order; fewer than asked where the budget ends."""
        raise NotImplementedError
