"""The shipped recipe from end to end on a usual model, by each way to it."""

from __future__ import annotations

import json
import subprocess
import sys

import pandas as pd
import pytest

from ttc.store.tables import read_frame

SMALL = {
    "dataset.problems": 2,
    "sampler.solutions": 4,
    "sampler.max_tokens": 40,
    "verifiers.0.solutions": 2,
    "verifiers.0.verifications": 3,
    "verifiers.0.max_tokens": 48,
}


class Run:
    """One `ttc run` of recipes/llama_server.yaml by another backend section."""

    def __init__(self, folder, backend: dict):
        settings = {**SMALL, "backend": json.dumps(backend), "results": folder}
        self._command = [sys.executable, "-m", "ttc", "run", "llama_server", "--plain"]
        for key, value in settings.items():
            self._command += ["--set", f"{key}={value}"]
        self.said = self.again()
        (manifest,) = (folder / "llama_server").glob("*/manifest.json")
        self.manifest = json.loads(manifest.read_text())
        self._folder = manifest.parent

    def again(self) -> str:
        done = subprocess.run(self._command, capture_output=True, text=True, timeout=400)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def table(self, name: str) -> pd.DataFrame:
        return read_frame(self._folder / f"{name}.parquet", name)


WAYS = ["openai", "litellm", "llama-cpp"]


@pytest.fixture(scope="module")
def runs(ways, tmp_path_factory):
    """One run by each way, made when it is first asked for."""
    made: dict[str, Run] = {}

    def get(way: str) -> Run:
        if way not in made:
            made[way] = Run(tmp_path_factory.mktemp(way), ways[way])
        return made[way]

    return get


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_every_sample_is_there_with_its_probabilities(runs, way):
    solutions, verifications = (runs(way).table(t) for t in ("solutions", "verifications"))
    assert len(solutions) == 2 * 4
    assert len(verifications) == 2 * 2 * 3
    assert solutions["text"].nunique() > 4
    assert solutions["mean_logprob"].between(-10, 0, inclusive="left").all()
    assert solutions["answer"].notna().any()
    assert solutions["completion_tokens"].between(1, 40).all()
    assert verifications["completion_tokens"].between(1, 48).all()


@pytest.mark.slow
def test_verdicts_come_with_their_probability(runs):
    """So weak a model often ends without a verdict, by one way perhaps always, but not by all."""
    tables = [runs(way).table("verifications") for way in WAYS]
    judged = pd.concat(t[t["verdict"].notna()] for t in tables)
    assert len(judged) >= 3
    assert judged["p_yes"].between(0, 1).all()
    assert judged["p_yes"].nunique() > 1
    pd.testing.assert_series_equal(judged["score"], judged["p_yes"], check_names=False)


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_what_was_spent_is_what_the_tables_say(runs, way):
    run = runs(way)
    spent = sum(
        int(run.table(t)[["prompt_tokens", "completion_tokens"]].to_numpy().sum())
        for t in ("solutions", "verifications")
    )
    assert 0 < run.table("curves")["tokens"].max() * 2 <= spent
    assert {"first", "majority", "best_of_n"} <= set(run.table("curves")["policy"])
    assert "Nothing to do" in run.again()


@pytest.mark.slow
def test_prompts_are_counted_alike_by_every_way(runs):
    """The server and we write chats by the same template, so lengths agree to the token."""
    lengths = [
        runs(way).table("solutions").groupby("problem_id", observed=True)["prompt_tokens"].unique()
        for way in WAYS
    ]
    for other in lengths[1:]:
        assert [list(x) for x in other] == [list(x) for x in lengths[0]]
