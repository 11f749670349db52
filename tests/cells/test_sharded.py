"""`ttc run --shards`: parts of a run on engines, merged at the end."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pandas as pd
import pytest
from processes import ttc

STAND_IN = Path(__file__).parents[1] / "helpers/sbatch_stand_in.py"
SMALL = (
    *("run", "quickstart", "--set", "dataset.problems=5", "--set", "sampler.solutions=4"),
    *("--set", "verifiers=[]", "--set", "policies=[majority]"),
)


def read(results: Path) -> dict[str, pd.DataFrame]:
    (run,) = (path.parent for path in results.glob("quickstart/*/manifest.json"))
    frames = {name: pd.read_parquet(run / f"{name}.parquet") for name in ("problems", "solutions")}
    return {name: one.drop(columns="seconds", errors="ignore") for name, one in frames.items()}


def check_alone(folder: Path, *more: str) -> None:
    done = ttc(folder, *SMALL, *more, "--results", "alone", "--quiet")
    assert done.returncode == 0, done.stderr
    for name, table in read(folder / "alone").items():
        pd.testing.assert_frame_equal(read(folder / "results")[name], table)


@pytest.mark.slow
def test_processes_of_this_machine(tmp_path):
    done = ttc(tmp_path, *SMALL, "--shards", "3", "--jobs", "3", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["fresh"], said["shards"]) == (True, 3)
    assert "(3 of 3)" in done.stderr
    check_alone(tmp_path)
    again = ttc(tmp_path, *SMALL, "--shards", "3", "--quiet")
    assert again.stdout.strip().endswith("nothing to do, this run is complete")
    shown = ttc(tmp_path, *SMALL, "--shards", "3", "--dry-run", "--set", "seed=3")
    assert [line.split()[-1] for line in shown.stdout.splitlines()[:3]] == ["1/3", "2/3", "3/3"]
    plain = ttc(tmp_path, *SMALL, "--shards", "3", "--dry-run", "--set", "seed=3", "--json")
    assert [words[-1] for words in json.loads(plain.stdout)["shards"]] == ["1/3", "2/3", "3/3"]


@pytest.fixture
def stand_in(tmp_path):
    """The environment of a machine with Slurm's programs, which do at once what they are asked."""
    programs, state = tmp_path / "bin", tmp_path / "state"
    programs.mkdir()
    state.mkdir()
    (programs / "sbatch").write_text(f'#!/bin/sh\nexec {sys.executable} {STAND_IN} "$@"\n')
    (programs / "squeue").write_text("#!/bin/sh\n")
    for program in programs.iterdir():
        program.chmod(0o755)
    return {"PATH": f"{programs}:{os.environ['PATH']}", "STAND_IN_STATE": str(state)}


@pytest.mark.slow
def test_an_array_with_the_merge_as_dependent_job(tmp_path, stand_in):
    env, words = stand_in, (*SMALL, "--shards", "2", "--engine", "slurm://time=5:00")
    shown = ttc(tmp_path, *words, "--dry-run", **env)
    assert "#SBATCH --array=1-2" in shown.stdout
    assert "--dependency=afterany:ID" in shown.stdout
    assert not (tmp_path / "results").exists()
    done = ttc(tmp_path, *words, "--json", **env)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["shards"], said["arrays"], said["merge"]) == (["1/2", "2/2"], ["100"], "101")
    check_alone(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("tokens", [900, 120, 100_000])
def test_the_job_that_merges_deals_out_what_the_shards_left(tmp_path, stand_in, tokens):
    """Some; all, as no shard's part buys a sample; and none, as all have what they want."""
    budget = ("--set", f"budget.per_run.tokens={tokens}")
    words = (*SMALL, *budget, "--shards", "2", "--engine", "slurm")
    done = ttc(tmp_path, *words, **stand_in)
    assert done.returncode == 0, done.stderr
    assert "dealt out after the merge" in done.stdout
    (log,) = tmp_path.glob("results/quickstart/*/slurm/*/logs/*-last.log")
    said = log.read_text()
    assert ("A second pass" in said) == (tokens == 900), said
    assert ("no shard has a single solution" in said) == (tokens == 120), said
    assert ("Nothing to do: this run is complete" in said) == (tokens == 100_000), said
    check_alone(tmp_path, *budget)
    again = ttc(tmp_path, *words, "--quiet", **stand_in)
    assert again.stdout.strip().endswith("nothing to do, this run is complete")


@pytest.mark.slow
def test_shards_that_fail_are_told_and_nothing_is_merged(tmp_path):
    (tmp_path / "p.jsonl").write_text('{"id": "a", "question": "?", "answer": "1"}\n' * 1)
    recipe = {
        "name": "failing",
        "dataset": {"type": "file", "path": "p.jsonl"},
        "backend": {"type": "openai", "base_url": "http://127.0.0.1:9/v1", "model": "m"},
        "sampler": {"type": "independent", "solutions": 2},
        "engine": {"max_attempts": 1, "max_wait_s": 0.1},
    }
    (tmp_path / "failing.yaml").write_text(json.dumps(recipe))
    done = ttc(tmp_path, "run", "failing.yaml", "--shards", "1")
    assert done.returncode == 1
    assert "1 of 1 shards failed; the same command does them again" in done.stderr
    assert "shard 1/1: " in done.stderr
    assert not list(tmp_path.glob("results/failing/*/manifest.json"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--engine", "dask://"), "needs --shards N"),
        (("--jobs", "2"), "needs --shards N"),
        (("--dry-run",), "needs --shards N"),
        (("--shards", "2", "--shard", "1/2"), "one of the parts"),
        (("--shards", "2", "--engine", "condor"), "no such engine"),
    ],
)
def test_words_that_do_not_go_together(tmp_path, words, said):
    done = ttc(tmp_path, *SMALL, *words)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.replace("│", " ").split())
