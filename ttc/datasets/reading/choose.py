"""Rows -> problems: which ones, in which order, and several faulty rows told at once."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from ttc.core import Problem
from ttc.datasets.reading.rows import Row
from ttc.errors import DataError

_NUMBERED = "; `columns: {id: false}` numbers the problems of a file instead"
_MOST_FAULTS = 5
_LOOK_AHEAD = 1000
"""Rows looked through for more faults after the first one; files can be huge."""


def choose(
    rows: Iterable[Row], make: Callable[[Row], Problem], limit: int | None, shuffle: int | None
) -> list[Problem]:
    """The problems of a source, read only as far as needed.

    With a `shuffle` seed the order is that of a hash of seed and id: it does not depend on the
    order in the source, and a smaller limit gives the first part of a larger one.
    Raises `DataError` with the first faulty rows, one a line, or where two rows have one id.
    """
    problems = _problems(iter(rows), make)
    if shuffle is None:
        return list(islice(problems, limit))
    if limit is None:
        return sorted(problems, key=lambda p: _key(shuffle, p.id))
    return heapq.nsmallest(limit, problems, key=lambda p: _key(shuffle, p.id))


def _key(seed: int, problem_id: str) -> bytes:
    return hashlib.sha256(f"{seed}\n{problem_id}".encode(errors="surrogatepass")).digest()


def _problems(rows: Iterator[Row], make: Callable[[Row], Problem]) -> Iterator[Problem]:
    places: dict[str, str] = {}
    for row in rows:
        try:
            problem = make(row)
            if problem.id in places:
                first = places[problem.id]
                text = f"the id {problem.id[:80]!r} stands in {first} too"
                raise DataError(f"{row.place}: {text}{_NUMBERED}")
        except DataError as error:
            raise DataError("\n".join([str(error), *_more_faults(rows, make)])) from None
        places[problem.id] = row.place
        yield problem


def _more_faults(rows: Iterator[Row], make: Callable[[Row], Problem]) -> Iterator[str]:
    found = 1
    try:
        for row in islice(rows, _LOOK_AHEAD):
            try:
                make(row)
            except DataError as error:
                found += 1
                yield str(error)
                if found == _MOST_FAULTS:
                    return
    except DataError as error:  # the rest can't even be read
        yield str(error)
