"""Recipes of the methods, and what a run of one left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from methods.late import calls
from ttc.pipeline.run import run_recipe
from ttc.recipe import parse_recipe

METHODS = ("step_tree", "adaptive", "meta", "redraft")
SEARCHES = ("beam", "dvts", "particle", "particle-gibbs")
"""Those of ttc's own."""
TABLES = ("problems", "solutions", "verifications", "samples", "answers")
TIMES = ["seconds", "latency"]


def judge(late: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "genrm",
        "backend": {**late, "model": "nano-verifier"},
        "prompt": "nano-genrm",
        "verifications": 2,
        "temperature": 1.0,
        "max_tokens": 96,
        **more,
    }


def recipe(method: str, folder: Path, die: int = 0, most: float = 0.05, **more: Any) -> dict:
    """A recipe of a method as plain data. more: sections that replace the usual ones."""
    late = {"type": "late", "die": die, "most": most, "notes": str(folder / "notes.jsonl")}
    draw = {"temperature": 1.0, "max_tokens": 64}
    steps = {
        "type": method,
        "prm": {**late, "model": "nano-prm"},
        "prm_prompt": "nano-solver",
        "steps": "line",
        "step_tokens": 16,
        "most_steps": 6,
        "temperature": 1.0,
    }
    samplers = {
        "step_tree": {"type": "step_tree", "prm": {**late, "model": "nano-prm"}},
        "adaptive": {"type": "adaptive", "rule": "adaptive_consistency", "draw": draw, "most": 12},
        "redraft": {"type": "redraft", "critic": judge(late)},
        "beam": {**steps, "beams": 4, "width": 2, "look_ahead": 1},
        "dvts": {**steps, "beams": 4, "width": 2},
        "particle": {**steps, "particles": 4, "threshold": 0.9, "choose": "sample"},
        "particle-gibbs": {**steps, "particles": 3, "iterations": 2},
    }
    grader = {**late, "model": "nano-grader"}
    inner = judge(late, backend=grader, prompt="nano-grade", score="boxed")
    found = {
        "name": method,
        "dataset": {"type": "nano", "family": "arithmetic", "levels": [2, 3], "problems": 3},
        "backend": {**late, "model": "nano-solver"},
        "sampler": samplers.get(method, {"type": "independent", "solutions": 6, **draw}),
        "policies": ["first"],
        "results": str(folder / "results"),
    }
    if method == "meta":
        meta = {"type": "meta", "backend": grader, "verifier": inner, "prompt": "nano-meta"}
        found["verifiers"] = [{**meta, "verdicts": 2, "max_tokens": 96}]
    return {**found, **more}


class Ran:
    """What a run left."""

    def __init__(self, folder: Path, name: str) -> None:
        (run,) = (folder / "results" / name).glob("*/")
        self.manifest = json.loads((run / "manifest.json").read_text())
        self.tables = {
            name: pd.read_parquet(run / f"{name}.parquet").drop(columns=TIMES, errors="ignore")
            for name in TABLES
            if (run / f"{name}.parquet").exists()
        }
        self.calls = calls(folder / "notes.jsonl")

    def check_sums(self) -> None:
        """The tokens of `samples` are the ledger's, by role, to the token."""
        samples, roles = self.tables["samples"], self.manifest["ledger"]["roles"]
        counted = samples.assign(prompt_tokens=samples["prompt_tokens"] - samples["cached_tokens"])
        found = counted.groupby("role")[["prompt_tokens", "completion_tokens"]].sum()
        for role in {*roles, *found.index}:
            for kind in ("prompt_tokens", "completion_tokens"):
                mine = found[kind].get(role, 0)
                assert mine == roles.get(role, {}).get(kind, 0), (role, kind)
            assert (samples["role"] == role).sum() == roles[role]["samples"]

    def check_same(self, other: Ran) -> None:
        """The same calls and the same answers."""
        self.check_tables(other)
        assert self.calls == other.calls

    def check_tables(self, other: Ran) -> None:
        """The same answers."""
        assert self.tables.keys() == other.tables.keys()
        for name, table in self.tables.items():
            pd.testing.assert_frame_equal(table, other.tables[name])


def written(folder: Path, method: str, **more: Any) -> Path:
    """A folder with a recipe."""
    folder.mkdir()
    (folder / "r.yaml").write_text(yaml.safe_dump(recipe(method, folder, **more)))
    return folder


def ran(folder: Path, method: str, **more: Any) -> Ran:
    """Run a recipe of a method in a folder that is made for it."""
    run_recipe(parse_recipe((written(folder, method, **more) / "r.yaml").read_text()))
    return Ran(folder, method)


def check_limits(ran: Ran, budget: dict[str, Any], shared: bool = True) -> None:
    """No limit is passed by what the backend was asked for.

    shared: whether the cost model counts a prompt once; then only what was written surely counts.
    """
    question = dict(
        zip(ran.tables["problems"]["problem_id"], ran.tables["problems"]["question"], strict=True)
    )
    used = {
        problem: _used([c for c in ran.calls if text in c["prompt"]], shared)
        for problem, text in question.items()
    }
    for unit, limit in budget.get("per_problem", {}).items():
        for problem, amounts in used.items():
            assert amounts[unit] <= limit, (problem, unit)
    for unit, limit in budget.get("per_run", {}).items():
        assert sum(amounts[unit] for amounts in used.values()) <= limit, unit


def _used(asked: list[dict[str, Any]], shared: bool) -> dict[str, int]:
    samples = [one for call in asked for one in call["samples"]]
    tokens = sum(completion + (0 if shared else prompt) for prompt, completion in samples)
    return {"tokens": tokens, "calls": len(samples)}
