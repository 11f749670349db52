"""Unit tests as programs for the sandbox, and what their reports say."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any

from ttc.core import Executed, Limits, Program
from ttc.unit_tests.subject import decoded, encoded

_LONGEST_REPORT = 32 << 20  # bytes
_START_S = 5.0  # interpreters start, and end


@dataclass(frozen=True, slots=True)
class Pair:
    """A call of a function and what it is to give, all plain data.

    exact: type and value must be equal. Else tuples are as good as lists, floats, also in lists and
    dicts, are within 1e-6 of their size or `within`, and NaN is as good as NaN: what was written as
    JSON can't say more.
    """

    call: str
    args: tuple[Any, ...]
    gives: Any
    exact: bool = False
    within: float = 1e-9


@dataclass(frozen=True, slots=True)
class Script:
    """A test that is a piece of Python, which passes if it ends without an exception."""

    source: str


Test = Pair | Script


@dataclass(frozen=True, slots=True)
class Result:
    """faults: of each test why it failed, empty where it passed. seconds: how long each took, by
    the harness's clock, which the program can't reach; 0 where it did not end.
    """

    faults: tuple[str, ...]
    seconds: tuple[float, ...] = field(default=(), compare=False)

    @property
    def passed(self) -> tuple[bool, ...]:
        return tuple(not fault for fault in self.faults)


def of_program(
    program: str,
    tests: Sequence[Test],
    mark: str,
    limit_s: float,
    memory_mib: int = 1024,
    stop: bool = False,
) -> Program:
    """Unit tests of a program.

    mark: a word that no program can know. limit_s: seconds for each test. stop: at the first that
    ends by an error, where the others do not matter.
    """
    order = {
        "mark": mark,
        "program": program,
        "tests": [_spelled(test) for test in tests],
        "limit_s": limit_s,
        "stop": stop,
    }
    return _harness(order, limit_s * (len(tests) + 1), memory_mib)


def of_texts(
    script: str, texts: Sequence[str], question: str, mark: str, limit_s: float
) -> Program:
    """Functions `test_*` of a script, each called with every text and the question."""
    order = {"mark": mark, "script": script, "texts": list(texts), "question": question}
    return _harness(order, limit_s * max(1, len(texts)), 512)


def result(done: Executed, mark: str, tests: Sequence[Test]) -> Result:
    """What a report says; a run that was ended, or whose report is not ours, passes nothing.

    Raises `SandboxError` where the kernel lacks what tests that are scripts need.
    """
    found = _report(done, mark)
    if found == "not apart":
        from ttc.sandbox import SandboxError

        raise SandboxError(
            "tests that are pieces of Python need a kernel with Landlock (Linux 5.13), which keeps "
            "the program from reading them; tests of the form [arguments, value] need none"
        )
    if not isinstance(found, list) or len(found) != len(tests):
        return Result((_why(done),) * len(tests))
    return Result(
        tuple(_fault(test, one) for test, one in zip(tests, found, strict=True)),
        tuple(_seconds(one) for one in found),
    )


def answered(done: Executed, mark: str, calls: Sequence[Pair]) -> list[tuple[Pair, float]]:
    """The calls that a trusted program answered, with what it gave as what they are to give, and
    how long each took, in seconds.
    """
    found = _report(done, mark)
    if not isinstance(found, list) or len(found) != len(calls):
        return []
    return [
        (replace(call, gives=decoded(one["value"])), _seconds(one))
        for call, one in zip(calls, found, strict=True)
        if "value" in one
    ]


def _seconds(found: Any) -> float:
    return float(found.get("seconds", 0.0))


def _fault(test: Test, found: Any) -> str:
    """Why a test failed. found: what the harness says of it."""
    if "fault" in found or isinstance(test, Script):
        return str(found.get("fault", "no result"))
    try:
        given = decoded(found["value"])
        return "" if _as_wanted(given, test) else f"it gives {given!r:.200}"
    except (ValueError, TypeError, KeyError, RecursionError):
        return "it gives what can't be read"


def _as_wanted(given: Any, test: Pair) -> bool:
    if test.exact:
        return bool(given == test.gives and type(given) is type(test.gives))
    return _close(_plain(given), _plain(test.gives), test.within)


def _plain(value: Any) -> Any:
    """Tuples as lists: tests that were written as JSON can't tell them apart."""
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return {k: _plain(v) for k, v in value.items()} if isinstance(value, dict) else value


def _close(a: Any, b: Any, within: float) -> bool:
    """Equal, floats within 1e-6 of their size, or so near."""
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(_close(x, y, within) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_close(a[key], b[key], within) for key in b)
    if isinstance(a, float) or isinstance(b, float):
        numbers = isinstance(a, int | float) and isinstance(b, int | float)
        return numbers and (a == b or _near(a, b, within))
    return bool(a == b)


def _near(a: float, b: float, within: float) -> bool:
    try:
        both_nan = math.isnan(a) and math.isnan(b)
        return both_nan or math.isclose(a, b, rel_tol=1e-6, abs_tol=within)
    except OverflowError:  # a whole number beyond all floats
        return False


def results_of_texts(done: Executed, mark: str, texts: int) -> list[Result] | None:
    """Of each text; None where the script itself can't be run."""
    found = _report(done, mark)
    if not isinstance(found, list) or len(found) != texts:
        return None
    return [Result(tuple(map(str, row))) for row in found]


def _report(done: Executed, mark: str) -> Any:
    try:
        said, found = json.loads(done.stdout.strip().splitlines()[-1])
    except (ValueError, TypeError, IndexError):
        return None
    return found if said == mark and done.succeeded else None


def _why(done: Executed) -> str:
    last = done.stderr.strip().splitlines()[-1:] or ["no report"]
    return f"{done.ended}: {last[0]}"[:300]


def _spelled(test: Test) -> dict[str, Any]:
    if isinstance(test, Script):
        return {"source": test.source}
    return {"call": test.call, "args": [encoded(one) for one in test.args]}


def _harness(order: dict[str, Any], wall_s: float, memory_mib: int) -> Program:
    limits = Limits(
        wall_s=wall_s + _START_S,
        cpu_s=wall_s + _START_S,
        memory_bytes=memory_mib << 20,
        output_bytes=_LONGEST_REPORT,
    )
    # In the sandbox there is no ttc; what the harness takes of it lies beside it.
    source = _text("harness.py").replace("from ttc.unit_tests.subject", "from subject")
    return Program(
        source, stdin=json.dumps(order), files={"subject.py": _text("subject.py")}, limits=limits
    )


@cache
def _text(name: str) -> str:
    return (files("ttc.unit_tests") / name).read_text(encoding="utf-8")
