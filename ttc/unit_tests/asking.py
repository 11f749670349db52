"""Unit tests run through an attempt: in the sandbox, journalled and counted as other calls."""

from __future__ import annotations

from collections.abc import Sequence

from ttc.core import Attempt
from ttc.errors import DataError
from ttc.unit_tests.running import (
    Pair,
    Result,
    Test,
    answered,
    of_program,
    of_texts,
    result,
    results_of_texts,
)


async def run_programs(
    attempt: Attempt,
    programs: Sequence[str | None],
    tests: Sequence[Test],
    limit_s: float,
    memory_mib: int,
    stop: bool,
) -> list[Result | None]:
    """What each program passes, equal ones run once; None where the budget ended before it.

    What is no program passes nothing.
    """
    distinct = list(dict.fromkeys(one for one in programs if one is not None))
    marks = [_mark(attempt) for _ in distinct]
    done = await attempt.execute(
        *[
            of_program(one, tests, mark, limit_s, memory_mib, stop)
            for one, mark in zip(distinct, marks, strict=True)
        ]
    )
    found = {
        program: result(one, mark, tests)
        for program, mark, one in zip(distinct, marks, done, strict=False)
    }
    none = Result(("it holds no program",) * len(tests))
    return [none if one is None else found.get(one) for one in programs]


async def ask_reference(
    attempt: Attempt, program: str, calls: Sequence[Pair], limit_s: float, memory_mib: int
) -> list[tuple[Pair, float]]:
    """What a reference program gives, and in how many seconds; nothing where the budget ended."""
    mark = _mark(attempt)
    done = await attempt.execute(of_program(program, calls, mark, limit_s, memory_mib))
    return answered(done[0], mark, calls) if done else []


async def run_script(
    attempt: Attempt, script: str, texts: Sequence[str], limit_s: float
) -> list[Result | None]:
    """What each text passes of the functions `test_*` of a script; None where the budget ended.

    Raises `DataError` where the script can't be run, or has no such function.
    """
    mark = _mark(attempt)
    done = await attempt.execute(
        of_texts(script, texts, attempt.problem.question, mark, limit_s),
    )
    if not done:
        return [None] * len(texts)
    found = results_of_texts(done[0], mark, len(texts))
    if found is None or any(not one.faults for one in found):
        last = (done[0].stderr.strip().splitlines() or [f"it ended by {done[0].ended}"])[-1]
        raise DataError(f"script: no function test_* in it ran to its end: {last:.200}")
    return list(found)


def _mark(attempt: Attempt) -> str:
    """A word that follows from the run's seed and that no program can know."""
    return attempt.rng.bytes(16).hex()
