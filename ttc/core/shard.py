"""A part of a run's problems, so that several machines share a run and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, order=True)
class Shard:
    """One of `of` parts, numbered from 1: every `of`th problem, so that parts of a dataset that is
    sorted by difficulty take about as long.
    """

    number: int
    of: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.of:
            raise ValueError(f"{self}: expected 1/{self.of} to {self.of}/{self.of}")

    @classmethod
    def parse(cls, text: str) -> Shard:
        """`3/16`. Raises `ValueError` with a sentence."""
        number, slash, of = text.partition("/")
        digits = [word.isascii() and word.isdecimal() and len(word) <= 6 for word in (number, of)]
        if not slash or not all(digits) or int(of) < 1:
            raise ValueError(f"{text}: expected a shard such as 3/16")
        return cls(int(number), int(of))

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @property
    def folder(self) -> str:
        """The name of its folder, `03-of-16`: in order when sorted."""
        width = len(str(self.of))
        return f"{self.number:0{width}}-of-{self.of}"

    def take(self, items: Sequence[T]) -> Sequence[T]:
        """Its items, in their order."""
        return items[self.number - 1 :: self.of]
