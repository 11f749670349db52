"""What a problem's budget buys when it binds: regressions measured before accounts were a tree.

Chains side by side asked for other things from run to run (M5), one refusal left no verification
(M6), and of two verifiers the first got all (M7).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import pytest
from methods.late import Late
from methods.recipes import check_limits, judge, ran

from ttc.core import Attempt, Sample, Solution
from ttc.samplers import SamplerPart
from ttc.samplers.independent import Independent


class Chains(SamplerPart):
    """Eight lines of work side by side, each of which goes on from what it has."""

    type: Literal["chains"] = "chains"
    draw: Independent = Independent(temperature=1.0, max_tokens=3)

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        rows = await asyncio.gather(*map(self._chain, attempt.split(*[1 / 8] * 8)))
        return [solution for row in rows for solution in row]

    async def _chain(self, branch: Attempt) -> list[Solution]:
        ask, got = self.draw.ask(branch, 1), list[Sample]()
        while len(got) < 6 and not branch.refused:
            text = "".join(sample.completion.text for sample in got)
            after = got[-1] if got else None
            on = replace(ask.prompt, prefill=ask.prompt.prefill + text)
            (more,) = await branch.sample(replace(ask, prompt=on, after=after))
            got += more
        return [branch.solution("".join(s.completion.text for s in got), got)] if got else []


@pytest.fixture(autouse=True)
def _parts(own_parts):
    own_parts(Late, Chains)


@pytest.mark.slow
def test_chains_side_by_side_ask_for_the_same_in_each_run(tmp_path):
    budget = {"per_problem": {"tokens": 250}}
    data = {"type": "nano", "levels": [2], "problems": 4}
    more = {"sampler": {"type": "chains"}, "budget": budget, "dataset": data}
    runs = [ran(tmp_path / f"{die}", "chains", die=die, **more) for die in range(3)]
    for one in runs:
        one.check_same(runs[0])
        one.check_sums()
        check_limits(one, budget)
    assert runs[0].manifest["ledger"]["exhausted_problems"] == 4
    assert len(runs[0].tables["samples"]) > 4 * 8


def nano(**more):
    verifier = judge({"type": "nano"}, **more)
    return {**verifier, "backend": {"type": "nano", "model": "nano-verifier"}}


def pool(tmp_path, tokens: int, verifiers, solutions: int):
    budget = {"per_problem": {"tokens": tokens}}
    found = ran(
        tmp_path / "run",
        "pool",
        most=0,
        dataset={"type": "nano", "levels": [1, 2, 3], "problems": 8},
        sampler={
            "type": "independent",
            "solutions": solutions,
            "temperature": 1.0,
            "max_tokens": 200,
        },
        verifiers=verifiers,
        budget=budget,
    )
    found.check_sums()
    check_limits(found, budget)
    return found


@pytest.mark.slow
def test_a_pool_that_is_larger_than_its_budget_is_verified_evenly(tmp_path):
    found = pool(tmp_path, 900, [nano(verifications=4, max_tokens=200)], 64)
    judged, solved = found.tables["verifications"], found.tables["solutions"]
    samples = found.tables["samples"]
    used = samples["prompt_tokens"] - samples["cached_tokens"] + samples["completion_tokens"]
    for problem, number in solved.groupby("problem_id", observed=True).size().items():
        mine = judged[judged["problem_id"] == problem]["solution_index"]
        counts = mine.value_counts().reindex(range(number), fill_value=0)
        assert counts.sum() > 0
        assert counts.max() - counts.min() <= 1
        assert used[samples["problem_id"] == problem].sum() >= 0.8 * (900 - 200)


@pytest.mark.slow
def test_two_verifiers_share_what_is_there(tmp_path):
    two = [nano(name=name, verifications=8, max_tokens=96) for name in ("one", "other")]
    found = pool(tmp_path, 1500, two, 32)
    judged = found.tables["verifications"]
    counts = judged.groupby(["problem_id", "verifier"], observed=True).size().unstack()
    assert counts.notna().all(axis=None)
    assert counts.shape == (8, 2)
    assert (counts.max(axis=1) <= 1.5 * counts.min(axis=1)).all()


@pytest.mark.parametrize("scope", ["per_problem", "per_run"])
@pytest.mark.parametrize("tokens", [200, 230, 290])
def test_a_budget_for_a_solution_and_a_verdict_buys_both(tmp_path, tokens, scope):
    """Each reserves at most 99 tokens here, so even the least budget has room for both."""
    found = ran(
        tmp_path / "run",
        "pool",
        most=0,
        dataset={"type": "nano", "levels": [2, 3], "problems": 3},
        verifiers=[nano(verifications=4, max_tokens=40)],
        budget={scope: {"tokens": tokens * (3 if scope == "per_run" else 1)}},
    )
    found.check_sums()
    for name in ("solutions", "verifications"):
        assert found.tables[name]["problem_id"].nunique() == 3, name
