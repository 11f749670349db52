"""How far shards are, each and together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ttc.core.shard import Shard
from ttc.report.status import status_panel
from ttc.store import read_status as looking
from ttc.store.manifest import Manifest, ShardNote
from ttc.store.read_status import look
from ttc.store.run_folder import RunFolder, list_runs
from ttc.store.shard_folders import shard_folder, shard_of, shards_of
from ttc.store.shard_status import shards_in_words
from ttc.store.status import Count, RunStatus, read_status, write_status

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def begun(run, number, of, state, done, total=4, **more):
    """A shard with a status."""
    folder = shard_folder(run, Shard(number, of))
    folder.path.mkdir(parents=True)
    Manifest(
        recipe_name="r",
        run_id="s0-x",
        shard=ShardNote(number=number, of=of, problems=12),
        status=state if state in ("complete", "budget") else "interrupted",
    ).write(folder.manifest_path)
    status = RunStatus(
        run_id="s0-x",
        recipe_name="r",
        shard=folder.shard,
        state=state,
        problems=Count(done=done, total=total),
        roles={"solver": Count(done=10 * done, total=10 * total)},
        started=NOON + timedelta(seconds=number),
        updated=NOON + timedelta(seconds=100 - number),
        **more,
    )
    write_status(folder, status)
    return folder


def run_in(root):
    return RunFolder(root / "r" / "s0-x")


def test_of_some_shards(tmp_path):
    run = run_in(tmp_path)
    begun(run, 1, 4, "complete", 4)
    begun(run, 2, 4, "failed", 1, error="the server went away")
    begun(run, 4, 4, "running", 2)  # by a process that is gone
    status, alive = look(run)
    assert not alive
    assert status.state == "interrupted"
    assert (status.problems.done, status.problems.total) == (7, 12)
    assert status.roles["solver"] == Count(done=70, total=120)
    assert (status.started, status.updated) == (
        NOON + timedelta(seconds=1),
        NOON + timedelta(seconds=99),
    )
    assert [one.state for one in status.shards] == ["complete", "failed", "missing", "killed"]
    assert shards_in_words(status.shards) == "4 shards: 1 complete, 1 failed, 1 killed, 1 missing"
    assert status_panel(status) is not None


def test_a_shard_that_begins_meanwhile_takes_no_other_ones_place(tmp_path, monkeypatch):
    run = run_in(tmp_path)
    begun(run, 2, 2, "failed", 1, error="no key")

    def meanwhile(path):
        if not shard_folder(run, Shard(1, 2)).exists():
            begun(run, 1, 2, "complete", 4)
        return read_status(path)

    monkeypatch.setattr(looking, "read_status", meanwhile)
    status, _ = look(run)
    assert [(one.state, one.error) for one in status.shards] == [
        ("missing", ""),
        ("failed", "no key"),
    ]
    status, _ = look(run)
    assert [one.state for one in status.shards] == ["complete", "failed"]


def test_of_all_shards_that_are_done(tmp_path):
    run = run_in(tmp_path)
    for number, state in enumerate(("complete", "budget"), start=1):
        begun(run, number, 2, state, 4)
    assert look(run)[0].state == "unmerged"
    assert list_runs(tmp_path) == []
    assert list_runs(tmp_path, unmerged=True) == [run]
    assert list_runs(tmp_path / "r", unmerged=True) == [run]


def test_names_of_shards(tmp_path):
    run = run_in(tmp_path)
    folder = begun(run, 3, 16, "complete", 4)
    assert folder.path.name == "03-of-16"
    assert (folder.recipe_name, folder.run_id) == ("r", "s0-x")
    assert folder.name == "r/s0-x/shards/03-of-16"
    assert folder.whole == run
    assert shards_of(run) == {Shard(3, 16): folder}
    for name in ("3", "0-of-4", "5-of-4", "3-of-", "a-of-b"):
        (run.path / "shards" / name).mkdir()
        assert shard_of(RunFolder(run.path / "shards" / name)) is None
    assert shards_of(run) == {Shard(3, 16): folder}
    other = RunFolder(tmp_path / "shards" / "s0-x")
    assert (other.shard, other.name) == ("", "shards/s0-x"), "a recipe may be called shards"
