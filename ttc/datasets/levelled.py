"""Problems of several levels of difficulty, or of several tasks, in turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from ttc.core import Problem
from ttc.errors import DataError
from ttc.words import counted

P = TypeVar("P", int, str)


def in_turns(
    places: Sequence[P],
    problems: int,
    first_of: Callable[[P, int], Sequence[Problem]],
    noun: str = "level",
) -> list[Problem]:
    """So many problems, evenly over levels (or what the noun says), so that any first part is even.

    first_of(level, number): the first problems of a level. Raises `DataError` where it has fewer.
    """
    each, more = divmod(problems, len(places))
    found = []
    for i, place in enumerate(places):
        wanted = each + (i < more)
        some = first_of(place, wanted)
        if len(some) < wanted:
            raise DataError(
                f"dataset.problems: {noun} {place} has {counted(len(some), 'problem')} that "
                f"differ, not {wanted}; ask for fewer, or name more {noun}s in dataset.{noun}s"
            )
        found.append(some)
    return [found[i % len(places)][i // len(places)] for i in range(problems)]
