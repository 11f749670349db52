"""What other processes do to a folder of results at just this moment."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime

import pytest
from run_by_hand import write_run

from ttc.backends.replay.recording import Recording
from ttc.cells.sweep.running import run_cells
from ttc.core import Completion
from ttc.engine.journal import Journal
from ttc.engine.journal_look import look_into
from ttc.errors import Busy, DataError, TtcError
from ttc.pipeline.monitor import Monitor
from ttc.pipeline.run import run_recipe
from ttc.recipe import parse_recipe
from ttc.report.viewing import watching
from ttc.report.viewing.watching import Watcher
from ttc.store import atomic, staging
from ttc.store.atomic import remove_leftovers, write_text
from ttc.store.remote import fetched_run, push_run
from ttc.store.run_folder import RunFolder
from ttc.store.staging import staged
from ttc.store.sweeps import SweepState

SMALL = """
name: small
dataset: {type: nano, family: arithmetic, levels: [2], problems: 20}
backend: {type: nano, model: nano-solver}
sampler: {type: independent, solutions: 2}
policies: [first]
engine: {concurrency: 2}
"""


def test_a_folder_that_goes_while_it_is_listed_for_leftovers(tmp_path, monkeypatch):
    folder = tmp_path / "run"
    folder.mkdir()
    look = os.listdir

    def too_late(path):
        shutil.rmtree(path)
        return look(path)

    monkeypatch.setattr(atomic.os, "listdir", too_late)
    assert remove_leftovers(folder) == 0
    folder.mkdir()
    write_text(folder / "fit.json", "{}")
    assert (folder / "fit.json").read_text() == "{}"


def test_a_run_that_another_process_publishes_first_gives_way(tmp_path, monkeypatch):
    names = iter(["mine"])
    put = os.replace

    def first(source, target):
        if target == tmp_path / "s0-1" and next(names, None):
            (tmp_path / "s0-1").mkdir()
            (tmp_path / "s0-1" / "whose").write_text("theirs")
        put(source, target)

    monkeypatch.setattr(staging.os, "replace", first)
    with staged(tmp_path) as stage:
        stage.run.path.mkdir()
        (stage.run.path / "whose").write_text("ours")
        stage.publish("s0-1")
    assert (tmp_path / "s0-1" / "whose").read_text() == "ours"
    assert [path.name for path in tmp_path.iterdir()] == ["s0-1"], "nothing is left of the other"


def test_a_run_that_is_removed_while_it_is_looked_at_is_not_complete(tmp_path, monkeypatch):
    run = write_run(tmp_path)
    assert run.complete()
    look = RunFolder.has_tables

    def then_it_goes(self):
        found = look(self)
        shutil.rmtree(self.path)
        return found

    monkeypatch.setattr(RunFolder, "has_tables", then_it_goes)
    assert not run.complete()


def test_a_recording_that_is_removed_meanwhile_is_one_clear_message(tmp_path, monkeypatch):
    recording = Recording(write_run(tmp_path).path)
    monkeypatch.setattr(Recording, "has", lambda self, table: True)
    shutil.rmtree(recording.folder)
    with pytest.raises(DataError, match="can't read"):
        recording.digest()


def test_a_view_of_a_run_that_ends_just_then(tmp_path, monkeypatch):
    run = write_run(tmp_path)
    looks = []

    def ends_meanwhile(folder):
        looks.append(folder)
        if len(looks) == 1:
            raise DataError("there are tables by now")
        return found(folder)

    found = watching.look
    monkeypatch.setattr(watching, "look", ends_meanwhile)
    watcher = Watcher(run)
    watcher.start()
    watcher.stop()
    assert watcher.now.revision >= 1
    monkeypatch.undo()
    watcher = Watcher(run)
    shutil.rmtree(run.path)
    with pytest.raises(DataError, match="is no run"):
        watcher.start()


def test_a_journal_that_is_being_made_is_waited_for(tmp_path):
    path = tmp_path / "journal.sqlite"
    path.touch()
    making = threading.Timer(0.3, lambda: Journal(path).close())
    making.start()
    assert look_into(path).samples == 0
    making.join()
    (tmp_path / "empty.sqlite").touch()
    with pytest.raises(DataError, match="no journal of ttc: there is nothing in it"):
        look_into(tmp_path / "empty.sqlite")


@pytest.mark.parametrize("again", [False, True], ids=["removed", "and made anew"])
def test_a_journal_that_is_removed_while_in_use_takes_no_more(tmp_path, again):
    """SQLite would go on in a file without a name, and all that is paid for would be lost."""
    path = tmp_path / "journal.sqlite"
    with closing(Journal(path)) as journal:
        asyncio.run(journal.put([(b"a", Completion("kept", "stop", 1, 2))]))
        for one in tmp_path.glob("journal.sqlite*"):
            one.unlink()
        if again:
            Journal(path).close()
        with pytest.raises(TtcError, match="was removed while it was in use"):
            asyncio.run(journal.put([(b"b", Completion("lost", "stop", 1, 2))]))


def test_a_run_whose_results_are_removed_ends_there(tmp_path, monkeypatch):
    results = tmp_path / "results"
    finished = Monitor.finished

    def then_they_go(self, attempt):
        finished(self, attempt)
        shutil.rmtree(results, ignore_errors=True)

    monkeypatch.setattr(Monitor, "finished", then_they_go)
    text = f"{SMALL}\nresults: {results}"
    with pytest.raises(TtcError, match="was removed while it was in use"):
        run_recipe(parse_recipe(text, "recipe.yaml"))
    assert not results.exists()


def test_several_that_fetch_one_run_for_the_first_time(tmp_path, monkeypatch):
    monkeypatch.setenv("TTC_CACHE", str(tmp_path / "cache"))
    run = write_run(tmp_path, run_id="s0-1")
    url = push_run(run, f"file://{tmp_path}/there")
    with ThreadPoolExecutor(6) as threads:
        asked = [threads.submit(lambda: fetched_run(url).digests()) for _ in range(24)]
        assert all(one.result() == run.digests() for one in asked)


def test_who_reads_a_fetched_run_keeps_it_when_it_changes(tmp_path, monkeypatch):
    monkeypatch.setenv("TTC_CACHE", str(tmp_path / "cache"))
    run = write_run(tmp_path, [(0, 1)])
    before = fetched_run(push_run(run, f"file://{tmp_path}/there"))
    digests = before.digests()
    changed = write_run(tmp_path, [(0, 1, 1)])
    after = fetched_run(push_run(changed, f"file://{tmp_path}/there"))
    assert before.digests() == digests != after.digests()
    os.utime(before.path.parents[1], (0, 0))
    assert fetched_run(f"file://{tmp_path}/there").path == after.path
    assert not before.exists(), "nobody has asked for it in days"


def test_a_sweep_that_another_process_changed_is_not_written_over(tmp_path):
    folder = tmp_path / "sweeps" / "mine"
    folder.mkdir(parents=True)
    theirs = SweepState(name="mine", changed=datetime(2026, 1, 1, tzinfo=UTC))
    theirs.write(folder)
    before = (folder / "sweep.json").read_bytes()
    with pytest.raises(Busy, match="changed the sweep"):
        run_cells([], SweepState(name="mine"), folder, None, print)
    assert (folder / "sweep.json").read_bytes() == before
