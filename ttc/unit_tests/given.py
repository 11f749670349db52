"""Unit tests as problems bring them, and the program of a solution."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from ttc.errors import DataError
from ttc.unit_tests.running import Pair, Script, Test

_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[ \t]*(?P<name>[\w+-]*)[^\n]*$", re.MULTILINE)
_PYTHON = ("", "python", "python3", "py")
MOST_TESTS = 10_000


def program_of(text: str) -> str | None:
    """The last fenced block of Python in a text; all of it where it has no fence; None if blank.

    A last block that is not closed was cut off, and is taken to the text's end.
    """
    marks = list(_FENCE.finditer(text))
    blocks = [
        (mark["name"].lower(), text[mark.end() : end].strip("\n"))
        for mark, end in zip(
            marks[::2],
            [m.start() for m in marks[1::2]] + [len(text)] * (len(marks) % 2),
            strict=True,
        )
    ]
    python = [block for name, block in blocks if name in _PYTHON and block.strip()]
    if blocks:
        return python[-1] if python else None
    return text if text.strip() else None


def given_tests(metadata: Mapping[str, Any], tests: str, entry_point: str) -> list[Test]:
    """The tests under a key of a problem's metadata; none where it lacks the key, or is blank.

    A text is one test, a list of texts several, each a piece of Python that passes if it ends
    without an exception. A list of `[arguments, value]`, or `[arguments, value, tolerance]`, are
    calls of the function that is named under the key `entry_point`. Raises `DataError`.
    """
    given = metadata.get(tests)
    if given is None or (isinstance(given, str) and not given.strip()):
        return []
    rows = [given] if isinstance(given, str) else given
    if not isinstance(rows, list | tuple) or len(rows) > MOST_TESTS:
        raise DataError(f"{tests!r} must be a text or a list of at most {MOST_TESTS:,} tests")
    name = metadata.get(entry_point)
    return [_one(row, i, tests, entry_point, name) for i, row in enumerate(rows)]


def _one(row: Any, i: int, tests: str, entry_point: str, name: Any) -> Test:
    if isinstance(row, str):
        return Script(row)
    if not isinstance(row, list | tuple) or len(row) not in (2, 3):
        raise DataError(f"{tests}[{i}] must be a text or [arguments, value], not {row!r:.60}")
    if not isinstance(name, str) or not name.isidentifier():
        raise DataError(f"{tests}[{i}] calls a function that {entry_point!r} does not name")
    args = tuple(row[0]) if isinstance(row[0], list | tuple) else (row[0],)
    within = row[2] if len(row) == 3 else 1e-9
    if isinstance(within, bool) or not isinstance(within, int | float) or not math.isfinite(within):
        raise DataError(f"{tests}[{i}] has the tolerance {within!r:.40}, which is no number")
    return Pair(name, args, row[1], within=float(within))
