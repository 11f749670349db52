"""Broken and mended functions: unit tests in the sandbox fail the one and pass the other."""

import asyncio

from attempts import attempt_of
from pools_reading import unit_tests
from writers import Sandbox, Writer

from ttc.core import Problem, Solution
from ttc.verifiers.code import Code


async def judged(rows, **settings):
    """(rows, 2) whether the broken and the mended function pass, two rows at a time."""
    part, places = Code(score="all", **settings), asyncio.Semaphore(2)

    async def one(row):
        problem = Problem(row["problem_id"], "", "", metadata=unit_tests(row))
        texts = [f"```python\n{row[kind]}\n```" for kind in ("buggy", "fixed")]
        solutions = [Solution(problem.id, i, t, None, 1, 1, "stop") for i, t in enumerate(texts)]
        attempt = attempt_of(part, problem, Writer(lambda *_: ""), sandbox=Sandbox())
        async with places:
            found = await part.verify(attempt, solutions)
        return [v.verdict for v in found]

    return list(await asyncio.gather(*map(one, rows)))


def test_broken_fail_and_mended_pass(pool, told):
    rows = [row for row in pool("code_repair_humanevalfix_quixbugs") if unit_tests(row)]
    found = asyncio.run(judged(rows, time_s=4.0))
    failed = sum(not broken for broken, _ in found)
    passed = [row["problem_id"] for row, (_, mended) in zip(rows, found, strict=True) if mended]
    told("code_repair: broken fail, mended pass in 4 s", "195, 193", f"{failed}, {len(passed)}")
    assert (len(rows), failed) == (195, 195)
    late = {row["problem_id"] for row in rows} - set(passed)
    assert late == {"knapsack", "levenshtein"}  # exponential, mended too
