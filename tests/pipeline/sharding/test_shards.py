"""A shard of a run: its problems and no others, in a folder of its own, within its part."""

from __future__ import annotations

import asyncio
from contextlib import closing

import pandas as pd
import pytest
from sharded import USUAL, frames

from ttc.budget.ledger import BudgetConfig, Ledger
from ttc.cli._values import shard_of
from ttc.core.batches import Batch
from ttc.engine.batches.records import Held, Records, Submitted
from ttc.engine.journal import Journal
from ttc.engine.underway import UnderWay
from ttc.errors import Busy, TtcError, UsageError
from ttc.store.lock import locked
from ttc.store.run_folder import RunFolder, list_runs


def of_problems(table, ids):
    return table[table["problem_id"].isin(ids)].reset_index(drop=True)


def test_a_shard_has_every_nth_problem_as_the_whole_run_has_it(run, tmp_path):
    whole = frames(run("one").run)
    shard = run("two", shard="2/4")
    assert shard.run.path.relative_to(tmp_path).parts[-2:] == ("shards", "2-of-4")
    assert shard.run.path.parents[1].name == run("one").run.run_id
    found = frames(shard.run)
    assert list(found["problems"]["problem_index"]) == [1, 5]
    ids = set(found["problems"]["problem_id"])
    for name in ("problems", "solutions", "verifications", "samples"):
        pd.testing.assert_frame_equal(
            found[name].astype(object), of_problems(whole[name], ids).astype(object)
        )
    assert "curves" not in found, "they are about all problems"


def test_its_manifest_says_what_it_is_a_part_of(run):
    whole, shard = run("one").manifest, run("two", shard="2/4").manifest
    assert (shard.shard.number, shard.shard.of, shard.shard.problems) == (2, 4, 9)
    assert whole.shard is None
    assert shard.dataset == whole.dataset, "the hash is that of all problems"
    assert shard.identity == whole.identity != ""
    assert shard.run_id == whole.run_id
    assert shard.recipe_name == whole.recipe_name
    assert shard.status == "complete"


def test_one_that_is_done_is_left_alone(run, tmp_path):
    assert run("two", shard="2/4").fresh
    assert not run("two", shard="2/4").fresh
    assert run("two", shard="1/4").fresh
    assert list_runs(tmp_path / "two") == [], "shards are no runs of their own"


def test_more_shards_than_problems(run):
    nothing = run("two", shard="11/12")
    assert nothing.manifest.status == "complete"
    tables = frames(nothing.run)
    assert {*tables} == {"problems", "solutions", "verifications", "samples"}
    assert not any(map(len, tables.values()))
    assert not run("two", shard="11/12").fresh


def test_a_shard_finds_what_another_run_drew(run):
    run("one")
    manifest = run("one", shard="1/2").manifest
    assert manifest.ledger["roles"]["solver"]["samples"] == 5 * 4
    assert manifest.ledger["roles"]["solver"]["paid_samples"] == 0


PER_RUN = USUAL + "budget: {per_run: {tokens: 4500}}\n"


def test_parts_of_a_run_s_budget_make_no_more_than_the_whole(shards):
    folders = shards("two", PER_RUN, 4)
    parts = [folder.manifest().ledger["part"] for folder in folders]
    assert sum(part["limits"]["tokens"] for part in parts) == pytest.approx(4500)
    for part in parts:
        assert part["limits"]["tokens"] == pytest.approx(4500 * part["problems"] / 9)
        assert part["billed"]["tokens"] <= part["used"]["tokens"] <= part["limits"]["tokens"]
    assert all(folder.manifest().ledger["rounds"] == 1 for folder in folders)
    assert all(part["wants"] for part in parts)


def test_shards_of_one_host_have_bills_of_their_own(shards):
    for folder in shards("two", PER_RUN, 3):
        part, used = folder.manifest().ledger["part"], folder.manifest().ledger["roles"]
        mine = sum(one["paid_tokens"] for one in used.values())
        assert part["billed"]["tokens"] == pytest.approx(mine)
        assert len(frames(folder)["solutions"])


def test_what_a_part_leaves_is_not_for_its_own_problems():
    ledger = Ledger(BudgetConfig(per_run={"calls": 12}), ["a"], whole=3)
    assert ledger.standing()["calls"][2] == 4
    assert ledger.beside({"tokens": 0, "flops": 0, "usd": 0, "calls": 1}, over=True) is None
    alone = Ledger(BudgetConfig(per_run={"calls": 12}), ["a"])
    assert alone.beside({"tokens": 0, "flops": 0, "usd": 0, "calls": 1}, over=True) is not None


@pytest.mark.parametrize("word", ["0/4", "5/4", "3", "3/", "a/b", "-1/4", "1/0", "3/16/2"])
def test_no_shard(word):
    with pytest.raises(UsageError, match="--shard"):
        shard_of(word)


def test_a_shard_goes_on_where_it_was(run, monkeypatch):
    calls = []

    def stop(*_):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("ttc.pipeline.monitor.Monitor.finished", stop)
    with pytest.raises(KeyboardInterrupt):
        run("two", shard="1/2")
    monkeypatch.undo()
    again = run("two", shard="1/2").manifest
    assert [one.status for one in again.tries] == ["interrupted", "complete"]
    assert again.ledger["roles"]["solver"]["paid_samples"] < 20


LIMITED = f"{USUAL}budget: {{per_run: {{tokens: 100000}}}}\n"
SOME = {"tokens": 500.0, "flops": 0.0, "usd": 0.0, "calls": 1.0}


def test_a_run_and_its_shards_are_not_at_work_at_once(run):
    shard = run("one", shard="1/2").run
    with locked(shard), pytest.raises(Busy, match=r"1-of-2, a shard of this run, .* ttc status"):
        run("one")
    with locked(shard.whole), pytest.raises(Busy, match="the whole of which this is a shard"):
        run("one", shard="2/2")
    # One that has only just begun has a lock and nothing else.
    begun = RunFolder(shard.path.parent / "1-of-3")
    with locked(begun):
        with pytest.raises(Busy, match="a shard of this run"):
            run("one")
        with pytest.raises(Busy, match="1-of-3, a shard of another parting"):
            run("one", shard="2/2")
    assert run("one", shard="2/2").manifest.status == "complete"
    assert run("one").manifest.status == "complete"


def test_what_a_killed_shard_had_under_way_is_spent(run, tmp_path):
    shard = run("one", LIMITED, "1/2").run
    place = tmp_path / "one" / "journal.sqlite"
    UnderWay(place, shard.name).note("", SOME)
    run("one", LIMITED)
    run("one", LIMITED.replace("solutions: 4", "solutions: 3"))  # none of its shards
    with closing(Journal(place)) as journal:
        assert asyncio.run(journal.bills(shard.whole.name))[1][""]["tokens"] == 500


def test_a_shard_whose_batch_waits_is_done_first(run, tmp_path):
    shard = run("one", LIMITED, "1/2").run
    records = Records(tmp_path / "one" / "journal.sqlite", shard.name)
    sent = Submitted("t", shard.name, "server", "model", "where")
    records.intend(sent, [Held("line", "p", SOME)])
    records.sending("t", "file")
    records.stands("t", Batch("batch_7", "in_progress"))
    with pytest.raises(TtcError, match=r"batch_7 waits .* --shard 1/2"):
        run("one", LIMITED)
    records.drop("t")
    assert run("one", LIMITED).manifest.status == "complete"
