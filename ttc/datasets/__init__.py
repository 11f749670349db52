"""Sources of problems, one file per source."""

from collections.abc import Sequence
from typing import ClassVar

from ttc.answers import AnswerRule
from ttc.core import Problem
from ttc.registry import Kind, Part


class DatasetPart(Part):
    """Base of dataset configs."""

    kind: ClassVar[Kind] = "dataset"
    default_answers: ClassVar[AnswerRule] = AnswerRule()
    """The answer rule of a recipe that names none."""
    default_prompt: ClassVar[str] = "cot"
    """The solution prompt of a recipe that names none."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What people should know of how the problems were read, once they are loaded."""
        return ()

    def load(self) -> Sequence[Problem]:
        """Problems in a fixed order. Raises `DataError`, `MissingExtra`."""
        raise NotImplementedError
