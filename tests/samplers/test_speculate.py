"""Speculation by steps: which steps the target rewrites, and what is counted where."""

import asyncio
import json

import pytest
from attempts import attempt_of
from on_nano import TABLES, run_on_nano, tables
from readers import Reader, failed, scored

from ttc.core import Capabilities, Completion, ModelIdentity, Problem
from ttc.registry import parts
from ttc.samplers.search.router import Router
from ttc.samplers.speculate import Speculate

PRM = {"type": "nano", "model": "nano-prm"}
DRAFT = {"type": "nano", "model": "nano-draft"}
STEPS = 4


class Counter:
    """Writes a line for each step, its own mark and the step's place, until there are four.

    fails: at which places it fails; limit: samples after which it ends like a budget.
    """

    def __init__(self, mark, fails=(), limit=99):
        self.mark, self.fails, self.limit = mark, fails, limit
        self.capabilities = Capabilities(raw=True, prefill=True, stop=True)
        self.identity = ModelIdentity("test", mark)
        self.asked = []

    async def sample(self, prompt, params, n, *, cached=0, **_):
        assert n == 1
        if len(self.asked) >= self.limit:
            return []
        place = prompt.prefill.count("\n")
        self.asked.append((place, cached))
        if place in self.fails:
            return [Completion("", "gave_up", 0, 0, error="no")]
        stop = "" if place == STEPS - 1 else "\n"
        read = 10 + len(prompt.prefill)
        return [Completion(f"{self.mark}{place}", "stop", read, 3, stopped_by=stop)]


def speculated(rewards, *, draft=None, target=None, **settings):
    """What is written, and the models. rewards: of a draft's and the target's step, by place; None
    for one whose score fails.
    """
    settings = {"rule": "rsd", "steps": "line", **settings}
    sampler = Speculate(prm=PRM, draft=DRAFT, **settings)
    draft, target = draft or Counter("d"), target or Counter("t")

    def says(passage):
        found = [rewards[int(one[1])][one[0] == "t"] for one in passage.steps]
        return failed("gave_up") if None in found else scored(*found)

    models = {"draft": draft, "prm": Reader(says)}
    attempt = attempt_of(sampler, Problem("p", "?", ""), target, **models)
    found = asyncio.run(sampler.solve(attempt))
    return [one.text.split() for one in found], draft, target, attempt._record


REWARDS = [(0.9, 0.5), (0.7, 0.9), (0.2, 0.2), (0.4, 0.6)]


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"rule": "never"}, "d0 d1 d2 d3"),
        ({"rule": "always"}, "t0 t1 t2 t3"),
        ({"rule": "rsd"}, "d0 d1 t2 t3"),
        ({"rule": "rsd", "threshold": 0.75}, "d0 t1 t2 t3"),
        ({"rule": "oracle"}, "d0 t1 d2 t3"),
        ({"rule": "oracle", "threshold": 0.25}, "d0 d1 d2 d3"),
        ({"rule": "oracle", "threshold": -0.1}, "d0 t1 t2 t3"),
        # -1.5 + step >= 0 from the third step on, which is where the target is asked.
        ({"rule": "router", "router": {"intercept": -1.5, "weights": {"step": 1}}}, "d0 d1 t2 t3"),
        ({"rule": "router", "router": {"weights": {"reward": -9}}}, "d0 d1 d2 d3"),
        ({"rule": "router", "router": {"weights": {"ends": 1}, "intercept": -0.5}}, "d0 d1 d2 t3"),
        # The reward falls by more than 0.3 from the second step to the third only.
        (
            {"rule": "router", "router": {"weights": {"change": -10}, "intercept": -3}},
            "d0 d1 t2 d3",
        ),
    ],
)
def test_which_steps_the_target_rewrites(settings, text):
    (found,), draft, target, record = speculated(REWARDS, **settings)
    assert found == text.split()
    rows = record.trace()
    fates = {(r.role, r.fate) for r in rows}
    assert {role for role, _ in fates} <= {"draft", "solver", "reward"}
    kept = sum(r.fate == "kept" for r in rows)
    assert kept == STEPS
    discarded = [r for r in rows if r.fate == "discarded"]
    assert len(discarded) == len(draft.asked) + len(target.asked) - STEPS
    assert all(r.fate == "judged" for r in rows if r.role == "reward")


def test_a_model_reads_nothing_again_that_it_has_read_or_written():
    _, draft, target, _ = speculated(REWARDS, rule="rsd")
    # The draft wrote d0 and d1 itself; of t2, which it has not seen, it knows what is before it.
    assert [place for place, _ in draft.asked] == [0, 1, 2, 3]
    assert [cached for _, cached in draft.asked] == [0, 13, 16, 16]
    # The target is asked for the third step first, and has read nothing; then it goes on.
    assert target.asked == [(2, 0), (3, 19)]


def test_where_a_score_or_a_draft_fails_the_target_writes():
    failing = [(0.9, 0.9), (None, 0.9), (0.9, 0.9), (0.9, 0.9)]
    for rule in ("rsd", "oracle"):
        (found,), *_ = speculated(failing, rule=rule)
        assert found == ["d0", "t1", "d2", "d3"]
    (found,), *_ = speculated(REWARDS, draft=Counter("d", fails=(1,)), rule="rsd")
    assert found == ["d0", "t1", "t2", "t3"]


def test_at_the_end_of_a_budget_whole_solutions_count_or_the_only_one():
    sampled = speculated(REWARDS, rule="never", solutions=3, draft=Counter("d", limit=10))[0]
    assert sampled == [["d0", "d1", "d2", "d3"]] * 2
    sampled = speculated(REWARDS, rule="never", solutions=3, draft=Counter("d", limit=2))[0]
    assert sampled == [["d0", "d1"]]


def test_a_router_comes_from_a_file_and_its_weights_are_the_recipes(tmp_path):
    path = tmp_path / "router.json"
    path.write_text(Router(intercept=0.5, weights={"reward": -2}).text())
    part = Speculate(prm=PRM, draft=DRAFT, rule="router", router=str(path))
    assert part.model_dump()["router"] == {"intercept": 0.5, "weights": {"reward": -2}}
    with pytest.raises(ValueError, match="ttc train-router writes one"):
        Speculate(prm=PRM, draft=DRAFT, rule="router", router=str(tmp_path / "none.json"))
    path.write_text(json.dumps({"weights": {"colour": 1}}))
    with pytest.raises(ValueError, match=r"router.json: no file of ttc train-router: weights"):
        Speculate(prm=PRM, draft=DRAFT, rule="router", router=str(path))
    with pytest.raises(ValueError, match="needs weights in `router`"):
        Speculate(prm=PRM, draft=DRAFT, rule="router")
    assert parts("sampler")["speculate"] is Speculate


def sampler(**more):
    return {
        "type": "speculate",
        "draft": DRAFT,
        "prm": PRM,
        "prm_prompt": "nano-solver",
        "steps": "line",
        "step_tokens": 32,
        "temperature": 1.0,
        **more,
    }


def test_on_nano_within_a_budget(tmp_path):
    budget = {"per_problem": {"tokens": 300}}
    outcome = run_on_nano(tmp_path, sampler(solutions=8), 3, budget=budget)
    first = tables(outcome)
    samples = first["samples"]
    used = samples["prompt_tokens"] - samples["cached_tokens"] + samples["completion_tokens"]
    assert used.groupby(samples["problem_id"], observed=True).sum().max() <= 300
    assert outcome.manifest.status == "budget"
    assert {"draft", "solver", "reward"} == set(samples["role"])
    for name in TABLES:
        outcome.run.table(name).unlink(missing_ok=True)
    again = tables(run_on_nano(tmp_path, sampler(solutions=8), 3, budget=budget))
    assert all(table.equals(again[name]) for name, table in first.items())
