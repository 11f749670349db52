"""Programs as answers: right where hidden unit tests pass, equal where they show the same.

The gold answer holds the tests, and gold joins only when a method is done: no sampler or verifier
sees them. Two programs are one class where every test says the same of both: passes, or fails with
the same value or error. So tests of the form `[arguments, value]` tell wrong programs apart by what
they give; a test that is a piece of Python tells them apart by their errors only.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from collections.abc import Sequence

import numpy as np

from ttc.answers.classes import AnswerClasses
from ttc.unit_tests.given import given_tests
from ttc.unit_tests.running import Result, Script, Test, of_program, result

_MEMORY_MIB = 1024


def spelled(program: str) -> str:
    """Key under which programs meet that are written alike, white space at line ends aside."""
    return "\n".join(line.rstrip() for line in program.strip().splitlines())


def program_classes(answers: Sequence[str | None], gold: str, time_limit_s: float) -> AnswerClasses:
    """Answer classes of programs by what the tests in gold say of them, run in the sandbox.

    answers: (solutions,). Raises `SandboxError` where none can be had, `DataError` for a gold that
    holds no tests.
    """
    tests = hidden_tests(gold)
    distinct = list(dict.fromkeys(spelled(a) for a in answers if a is not None and a.strip()))
    results = asyncio.run(_all(distinct, tests, time_limit_s))
    faults = dict(zip(distinct, (one.faults for one in results), strict=True))
    index = np.full(len(answers), -1, dtype=np.int32)
    number: dict[tuple[str, ...], int] = {}
    shown: list[str] = []
    for i, answer in enumerate(answers):
        if answer is None or not answer.strip():
            continue
        seen = faults[spelled(answer)]
        if seen not in number:
            number[seen] = len(number)
            shown.append(answer)
        index[i] = number[seen]
    return AnswerClasses(index, tuple(shown), number.get(("",) * len(tests), -1))


def hidden_tests(gold: str) -> list[Test]:
    """The tests of a gold answer: a JSON object with `tests` and `entry_point`, else one script."""
    try:
        given = json.loads(gold)
    except (ValueError, RecursionError):
        given = None
    if isinstance(given, dict):
        return given_tests(given, "tests", "entry_point")
    return [Script(gold)]


async def _all(programs: Sequence[str], tests: Sequence[Test], limit_s: float) -> list[Result]:
    from ttc.sandbox import execute

    places = asyncio.Semaphore(os.cpu_count() or 1)

    async def one(program: str) -> Result:
        mark = secrets.token_hex(16)
        async with places:
            done = await execute(of_program(program, tests, mark, limit_s, _MEMORY_MIB))
        return result(done, mark, tests)

    return list(await asyncio.gather(*map(one, programs)))
