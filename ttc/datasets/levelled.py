"""Problems of several levels of difficulty, in turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ttc.core import Problem
from ttc.errors import DataError
from ttc.words import counted


def in_turns(
    levels: Sequence[int], problems: int, of_level: Callable[[int, int], Sequence[Problem]]
) -> list[Problem]:
    """So many problems, evenly over the levels, so that any first part is even, too.

    of_level(level, number): the first problems of a level. Raises `DataError` where it has fewer.
    """
    each, more = divmod(problems, len(levels))
    found = [_enough(level, each + (i < more), of_level) for i, level in enumerate(levels)]
    return [found[i % len(levels)][i // len(levels)] for i in range(problems)]


def _enough(
    level: int, number: int, of_level: Callable[[int, int], Sequence[Problem]]
) -> Sequence[Problem]:
    found = of_level(level, number)
    if len(found) < number:
        raise DataError(
            f"dataset.problems: level {level} has {counted(len(found), 'problem')} that differ, "
            f"not {number}; ask for fewer problems, or for more or higher dataset.levels"
        )
    return found
