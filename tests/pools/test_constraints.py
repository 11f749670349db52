"""The public instruction checks against the verdicts published for GPT-4's responses (IFEval)."""

import asyncio

import pytest
from attempts import attempt_of

from ttc.core import Capabilities, ModelIdentity, Problem, Solution
from ttc.verifiers.constraint import ConstraintCheck

# Why we differ, by problem; the text of each instruction's check is in docs/reference/pools.md.
EXPLAINED = {
    "ifeval/1122": "a published loose verdict is stricter than its strict one",
    "ifeval/1843": "three words of English, told apart by no detector for sure",
    "ifeval/3456": "a list of English names in capitals",
    "ifeval/3617": "six words of English in capitals",
}


class NoModel:
    capabilities = Capabilities()
    identity = ModelIdentity("test", "none")


def checked(row, reading):
    """Which instructions hold, as the verifier says."""
    problem = Problem(row["problem_id"], row["prompt"], "", metadata=row)
    solution = Solution(row["problem_id"], 0, row["response"], None, 1, 1, "stop")
    holds = []
    for name, given in zip(row["instruction_id_list"], row["kwargs"], strict=True):
        one = {"instruction_id_list": [name], "kwargs": [given]}
        part = ConstraintCheck(reading=reading)
        attempt = attempt_of(
            part, Problem(problem.id, problem.question, "", metadata=one), NoModel()
        )
        (found,) = asyncio.run(part.verify(attempt, [solution]))
        holds.append(found.verdict)
    return holds


@pytest.mark.parametrize("reading", ["strict", "loose"])
def test_the_published_verdicts(pool, told, reading):
    rows = pool("ifeval_gpt4_responses_verdicts")
    found = [checked(row, reading) for row in rows]
    differ = [
        row["problem_id"]
        for row, mine in zip(rows, found, strict=True)
        for ours, theirs in zip(mine, row[reading], strict=True)
        if ours != theirs
    ]
    total = sum(map(len, found))
    rates = (sum(map(all, found)) / len(rows), sum(map(sum, found)) / total)
    published = {"strict": ".7722, .8377", "loose": ".7963, .8558"}[reading]
    told(f"ifeval {reading}: prompt, instruction", published, "{:.4f}, {:.4f}".format(*rates))
    told(
        f"ifeval {reading}: agreement of {total} verdicts",
        ">= 99 %",
        f"{1 - len(differ) / total:.2%} ({len(differ)} differ)",
    )
    assert len(differ) <= 0.01 * total
    assert set(differ) <= set(EXPLAINED)
