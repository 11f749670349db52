"""Unit tests that a model wrote, read without running them, and what they agree on with programs.

Of a test that a model wrote only plain data is taken: an assert that a call on literals gives a
literal. It is parsed, never run, so it can do nothing to the harness that checks it.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Sequence

from ttc.unit_tests.running import Pair

_LONGEST = 100_000
_LONGEST_LINE = 2000


def pairs_in(text: str, entry_point: str) -> list[Pair]:
    """The distinct tests `assert f(1, 2) == 3` of a text, in order; lines of other forms are
    passed over.
    """
    found: dict[str, Pair] = {}
    for line in text[:_LONGEST].splitlines():
        at = line.find("assert ")
        if at < 0 or len(line) > _LONGEST_LINE:
            continue
        if (pair := _pair(line[at:].strip(), entry_point)) is not None:
            found.setdefault(repr(pair), pair)
    return list(found.values())


def _pair(line: str, entry_point: str) -> Pair | None:
    try:
        (statement,) = ast.parse(line).body
        match statement:
            case ast.Assert(
                test=ast.Compare(
                    left=ast.Call(func=ast.Name(id=name), args=args, keywords=[]),
                    ops=[ast.Eq() | ast.Is()],
                    comparators=[value],
                )
            ) if name == entry_point:
                given = tuple(ast.literal_eval(one) for one in args)
                return Pair(entry_point, given, ast.literal_eval(value), exact=True)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None
    return None


def dual_agreement(passed: Sequence[Sequence[bool]]) -> list[float]:
    """(programs, tests) which program passes which test -> (programs,) scores from 0 to 1.

    Programs that pass the same tests form a consensus set, whose score is the number of its
    programs times the number of those tests (CodeT, arXiv 2207.10397); normalised here by all
    programs times all tests. 0 where nothing passes, or there are no tests.
    """
    rows = [tuple(map(bool, row)) for row in passed]
    sizes = Counter(rows)
    most = len(rows) * (len(rows[0]) if rows else 0)
    return [sizes[row] * sum(row) / most if most else 0.0 for row in rows]
