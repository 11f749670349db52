"""Shards and journals from the command line."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from processes import Command, ttc
from sharded import USUAL, check_same

from ttc.store.run_folder import find_run

SMALL = USUAL.replace("problems: 9", "problems: 4").replace("solutions: 4", "solutions: 2")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "shared.yaml").write_text(SMALL)
    return tmp_path


def said(folder, *words, code=0):
    done = ttc(folder, *words)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
def test_from_shards_to_a_run(folder):
    for i in (1, 3):
        said(folder, "run", "shared.yaml", "--shard", f"{i}/3", "--quiet")
    status = said(folder, "status", "shared")
    assert "not all of its shards are done" in status
    assert "3 shards: 2 complete, 1 missing" in status
    assert "2/3 missing" in status
    plain = json.loads(ttc(folder, "status", "shared", "--json").stdout)
    assert [one["state"] for one in plain["shards"]] == ["complete", "missing", "complete"]
    assert plain["problems"] == {"done": 3, "total": 3}
    listed = json.loads(ttc(folder, "runs", "--json").stdout)["runs"]
    assert [(one["state"], one["note"]) for one in listed] == [
        ("interrupted", "3 shards: 2 complete, 1 missing")
    ]
    assert "missing: 2/3" in said(folder, "merge", "shared", code=1)
    assert "ttc merge" in said(folder, "show", "shared", code=1)
    shown = said(folder, "run", "shared.yaml", "--shard", "2/3")
    assert "Shard 2 of 3; when all are done: ttc merge results/shared/" in shown
    assert "all its shards are done; ttc merge" in said(folder, "status", "shared")
    assert "Merged 3 shards into" in said(folder, "merge", "shared")
    assert "Nothing to do" in said(folder, "merge", "shared")
    assert "complete" in said(folder, "status", "shared")
    assert "Nothing to do: this run is complete" in said(folder, "run", "shared.yaml")
    said(folder, "run", "shared.yaml", "--results", "alone", "--quiet")
    check_same(find_run("shared", folder / "results"), find_run("shared", folder / "alone"))


def test_no_such_shard(folder):
    assert "--shard 4/3: expected 1/3 to 3/3" in said(
        folder, "run", "shared.yaml", "--shard", "4/3", code=2
    )


def test_a_journal_elsewhere(folder):
    words = ("run", "shared.yaml", "--shard", "1/2", "--quiet")
    said(folder, *words, "--journal", "node/journal.sqlite")
    assert not (folder / "results/journal.sqlite").exists()
    shown = said(folder, "journal", "show", "node")
    assert "12 samples" in shown
    assert "12 of its 12 samples were new to results/journal.sqlite" in said(
        folder, "journal", "push", "results", "node/journal.sqlite"
    )
    assert "engine.journal" in said(
        folder, "run", "shared.yaml", "--set", "engine.journal=$TMPDIR/x", code=2
    )
    assert "there is no journal nowhere" in said(folder, "journal", "pull", "nowhere", code=1)


@pytest.mark.slow
def test_shards_that_are_killed_go_on_and_come_to_the_same(folder):
    """Two of a host at the same time, in one journal."""
    shards = [Command(folder, "run", "shared.yaml", "--shard", f"{i}/2", "--plain") for i in (1, 2)]
    journal = Path(folder / "results/journal.sqlite-wal")
    while not (journal.exists() and journal.stat().st_size > 60_000):
        time.sleep(0.01)
        if all(shard.poll() is not None for shard in shards):
            break
    for shard in shards:
        shard.kill()
        shard.wait()
    for i in (1, 2):
        said(folder, "run", "shared.yaml", "--shard", f"{i}/2", "--quiet")
    said(folder, "merge", "shared")
    said(folder, "run", "shared.yaml", "--results", "alone", "--quiet")
    check_same(find_run("shared", folder / "results"), find_run("shared", folder / "alone"))


@pytest.mark.slow
def test_a_budget_too_small_to_be_shared_out_is_dealt_out_all_the_same(folder):
    """No part of it buys a solution, the whole buys some."""
    small = SMALL + "budget: {per_run: {tokens: 700}}\n"
    (folder / "shared.yaml").write_text(small)
    said(folder, "run", "shared.yaml", "--shards", "2", "--jobs", "1", "--quiet")
    said(folder, "run", "shared.yaml", "--results", "alone", "--quiet")
    one, other = (find_run("shared", folder / name) for name in ("results", "alone"))
    assert one.manifest().ledger["rounds"] > 1
    check_same(one, other)
