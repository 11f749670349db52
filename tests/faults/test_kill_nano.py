"""A run against a real model server, killed a few times: `ttc run` and `ttc serve-model nano`."""

from __future__ import annotations

import json
import random
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from batched import QUICK, Gateway
from journals import journalled
from processes import Command

KILLS = 5
RECIPE = """
name: served
dataset: {type: nano, family: arithmetic, levels: [1, 2, 3], problems: 12}
backend: {type: openai, base_url: URL, model: nano-solver, MODE}
sampler: {type: independent, solutions: 32, temperature: 1.0, max_tokens: 96}
verifiers:
  - type: genrm
    backend: {type: openai, base_url: URL, model: nano-verifier, MODE}
    prompt: nano-genrm
    solutions: 8
    verifications: 16
    temperature: 1.0
    max_tokens: 160
policies: [majority, best_of_n]
engine: {concurrency: 4}
"""


SMALL = QUICK.replace("poll_s", "max_requests: 8, poll_s")  # of which some are done at a kill


def start(folder: Path, results: str) -> Command:
    return Command(folder, "run", "served.yaml", "--plain", "--results", results)


def size(journal: Path) -> int:
    """Rows of a journal that its process has open."""
    try:
        with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as database:
            return database.execute("SELECT count(*) FROM completions").fetchone()[0]
    except sqlite3.OperationalError:
        return 0  # not there yet


def outcome(process: Command, results: Path):
    said = process.communicate(timeout=200)
    assert process.returncode == 0, said
    (run,) = results.glob("served/*/")
    frames = [
        pd.read_parquet(run / f"{name}.parquet").drop(columns="seconds", errors="ignore")
        for name in ("problems", "solutions", "verifications", "curves")
    ]
    return frames, json.loads((run / "manifest.json").read_text())["ledger"]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("mode", ["mode: now", SMALL])
def test_kills_leave_no_trace_and_the_last_try_pays_for_the_rest_only(tmp_path, nano_server, mode):
    gateway = Gateway(nano_server) if mode == SMALL else None
    url = nano_server if gateway is None else gateway.url
    try:
        (tmp_path / "served.yaml").write_text(
            RECIPE.replace("URL", f'"{url}"').replace("MODE", mode)
        )
        check_kills(tmp_path, nano_server)
    finally:
        if gateway is not None:
            gateway.stop()


def check_kills(tmp_path: Path, calm_url: str) -> None:
    dice, results = random.Random(1), tmp_path / "results"
    kept: list[str] = []
    for _ in range(KILLS):
        process = start(tmp_path, "results")
        wanted = len(kept) + dice.randrange(10, 150)  # far from the end, should we look late
        while process.poll() is None and size(results / "journal.sqlite") < wanted:
            time.sleep(0.02)
        assert process.poll() is None
        process.kill()
        process.communicate()
        before, kept = kept, journalled(results, tmp_path / "copy")
        assert len(before) < len(kept)
    frames, ledger = outcome(start(tmp_path, "results"), results)
    samples = len(frames[1]) + len(frames[2])
    assert samples == 12 * (32 + 8 * 16)
    assert sum(used["paid_samples"] for used in ledger["roles"].values()) == (samples - len(kept))
    plain = RECIPE.replace("URL", f'"{calm_url}"').replace("MODE", "mode: now")
    (tmp_path / "served.yaml").write_text(plain)
    calm, _ = outcome(start(tmp_path, "calm"), tmp_path / "calm")
    for table, undisturbed in zip(frames, calm, strict=True):
        pd.testing.assert_frame_equal(table, undisturbed)
