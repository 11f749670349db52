"""A deterministic model gives the same tables however much is under way at a time, and whatever
fails in between; also where the run's budget ends it.
"""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from batched import Gateway
from steady import Server

from ttc.pipeline.run import run_recipe
from ttc.recipe import load_recipe

NANO = """
name: any
dataset: {type: nano, family: arithmetic, levels: [1, 3], problems: 6}
backend: {type: nano, model: nano-solver}
sampler: {type: independent, solutions: 10, temperature: 1.0, max_tokens: 64}
verifiers:
  - type: genrm
    backend: {type: nano, model: nano-verifier}
    prompt: nano-genrm
    solutions: 4
    verifications: 4
    temperature: 1.0
    max_tokens: 96
policies: [majority, best_of_n]
"""
SERVED = """
name: any
dataset: {type: file, path: PROBLEMS}
backend: {type: openai, model: m, base_url: URL, api_key_env: TRY, n_per_call: 4}
sampler: {type: independent, solutions: 10, max_tokens: 32, prompt: cot}
verifiers: [{type: genrm, solutions: 4, verifications: 6, max_tokens: 32, score: binary}]
policies: [majority, best_of_n]
engine: {max_attempts: 40, max_wait_s: 0.05, breaker_failures: 1000}
"""
WAYS = [(1, 1), (3, 2), (64, 8)]  # calls and problems under way
QUICKLY = ["backend.batch.gather_s=0.05", "backend.batch.poll_s=0.03"]


def results(folder: Path, recipe: str, concurrency: int, window: int, *overrides: str):
    """All that a run found and spent; its time apart."""
    folder.mkdir()
    (folder / "any.yaml").write_text(recipe)
    ways = [f"engine.concurrency={concurrency}", f"engine.problems_in_flight={window}"]
    chosen = [f"results={folder / 'results'}", *ways, *overrides]
    outcome = run_recipe(load_recipe(folder / "any.yaml", chosen))
    tables = {
        name: pd.read_parquet(outcome.run.table(name)).drop(columns="seconds", errors="ignore")
        for name in ("problems", "solutions", "verifications", "curves")
    }
    ledger = dict(outcome.manifest.ledger)
    del ledger["fingerprint"]  # asked beside the run, and how often depends on what fails
    return tables, outcome.manifest.status, ledger


def check_same(found: list) -> None:
    (tables, status, ledger), *others = found
    for other_tables, other_status, other_ledger in others:
        for name, table in tables.items():
            pd.testing.assert_frame_equal(other_tables[name], table)
        assert (other_status, other_ledger) == (status, ledger)


@pytest.mark.slow
@pytest.mark.parametrize(("limit", "status"), [(None, "complete"), (3000, "budget")])
def test_the_embedded_models(tmp_path, limit, status):
    budget = [] if limit is None else [f"budget.per_run.tokens={limit}"]
    found = [results(tmp_path / f"c{c}", NANO, c, w, *budget) for c, w in WAYS]
    check_same(found)
    assert found[0][1] == status


@pytest.fixture
def served(tmp_path, monkeypatch):
    """The results of a recipe by each of the ways, on a server that fails at random."""
    monkeypatch.setenv("TRY", "sk-any")
    questions = [{"id": f"q{i}", "question": f"What is {i}?", "answer": "1"} for i in range(6)]
    (tmp_path / "problems.jsonl").write_text("\n".join(map(json.dumps, questions)))
    servers = []

    def run(mood, *overrides):
        server = Server(tmp_path / "log.jsonl", 0.15, mood)
        servers.append(server)
        recipe = SERVED.replace("URL", f'"{server.url}"')
        recipe = recipe.replace("PROBLEMS", str(tmp_path / "problems.jsonl"))
        found = [results(tmp_path / f"c{c}", recipe, c, w, *overrides) for c, w in WAYS]
        servers.append(gateway := Gateway(server.url))
        batches = [f"backend.base_url={gateway.url}", "backend.mode=batch", *QUICKLY]
        found.append(results(tmp_path / "batches", recipe, 1, 1, *batches, *overrides))
        assert {"crash", "limit"} & {entry["event"] for entry in server.entries()}
        return found

    yield run
    for server in servers:
        server.stop()


@pytest.mark.slow
@pytest.mark.parametrize(("limit", "status"), [(None, "complete"), (2500, "budget")])
def test_a_server_that_refuses_at_random(served, limit, status):
    found = served("refusing", *([] if limit is None else [f"budget.per_run.tokens={limit}"]))
    check_same(found)
    assert found[0][1] == status


@pytest.mark.slow
def test_a_server_that_breaks_off_at_random(served):
    """What it may bill for nothing differs, so only the tables can be the same."""
    check_same([(tables, status, None) for tables, status, _ in served("")])


def texts(tables) -> dict[str, list[str]]:
    """The solutions of each problem, in order. The server's are all different."""
    return tables["solutions"].groupby("problem_id")["text"].agg(list).to_dict()


@pytest.mark.slow
def test_bad_luck_makes_a_pool_smaller_but_no_sample_different(served, tmp_path):
    """The same budget buys less where replies are lost: the same samples, without some of them."""
    one = "backend.n_per_call=1"
    found = served("", "budget.per_run.tokens=4000", one)
    recipe = (tmp_path / "c1" / "any.yaml").read_text()
    whole = texts(results(tmp_path / "whole", recipe, 8, 8, one)[0])
    for tables, status, _ in found:
        assert status == "budget"
        assert len(tables["solutions"]) > 10
        for problem, some in texts(tables).items():
            assert some == [text for text in whole[problem] if text in some]
