"""Whether a run is alive, and what is known of it, from files alone."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from ttc.errors import DataError, TtcError
from ttc.store import read_status as looking
from ttc.store.lock import held, locked
from ttc.store.manifest import Manifest
from ttc.store.read_status import as_plain, look
from ttc.store.run_folder import RunFolder
from ttc.store.status import STATUS_NAME, Count, RunStatus, Spending, read_status, write_status


@pytest.fixture
def run(tmp_path):
    made = RunFolder(tmp_path / "r" / "s0-1")
    made.path.mkdir(parents=True)
    Manifest(recipe_name="r", run_id="s0-1", git_commit=None).write(made.manifest_path)
    return made


def status(run, **fields):
    return RunStatus(run_id=run.run_id, recipe_name=run.recipe_name, **fields)


def test_a_status_comes_back(run, monkeypatch):
    monkeypatch.setenv("X_TOKEN", "abcdefgh")
    made = status(
        run,
        roles={"solver": Count(done=1, total=4)},
        budget={"tokens": Spending(spent=10, reserved=5, limit=100)},
        last_retry="said abcdefgh",
        endpoints=[{"url": "http://h/v1", "state": "open"}],
    )
    write_status(run, made)
    back = read_status(run.path / STATUS_NAME)
    assert back == made.model_copy(update={"last_retry": "said [hidden]"})
    assert back.budget["tokens"].left == 85
    assert [p.name for p in run.path.iterdir() if "part" in p.name] == []


def test_a_status_that_cannot_be_written_or_read_is_none(run):
    (run.path / STATUS_NAME).mkdir()
    write_status(run, status(run))
    assert read_status(run.path / STATUS_NAME) is None


def test_the_lock_tells_who_is_alive(run):
    write_status(run, status(run))
    assert held(run) is False
    with locked(run):
        assert held(run) is True
        assert look(run)[1] is True
        with pytest.raises(TtcError, match="another process is running r/s0-1"), locked(run):
            pass
    now, alive = look(run)
    assert (now.state, alive) == ("killed", False)


def test_a_run_that_begins_while_it_is_looked_at_was_not_killed(run, monkeypatch):
    with ExitStack() as work:

        def meanwhile(folder):
            before = held(folder)
            if not before:
                work.enter_context(locked(folder))
                write_status(run, status(run))
            return before

        monkeypatch.setattr(looking, "held", meanwhile)
        now, alive = look(run)
    assert (now.state, alive) == ("running", True)


def test_those_who_look_are_not_taken_for_one_who_works(run):
    write_status(run, status(run))
    with locked(run):
        pass  # the lock's file is there from now on
    with ThreadPoolExecutor(8) as threads:
        seen = [threads.submit(lambda: {held(run) for _ in range(300)}) for _ in range(8)]
        with locked(run):
            pass  # nor do they keep a run from starting
        assert None not in set().union(*(one.result() for one in seen))
        again = [threads.submit(lambda: {held(run) for _ in range(300)}) for _ in range(8)]
        assert set().union(*(one.result() for one in again)) == {False}


def test_a_manifest_that_says_complete_has_the_last_word(run):
    write_status(run, status(run, eta_seconds=3.0))
    done = Manifest(recipe_name="r", run_id="s0-1", status="complete", git_commit=None)
    done.write(run.manifest_path)
    now, _ = look(run)
    assert (now.state, now.eta_seconds) == ("complete", None)


def test_a_run_without_a_status_is_told_from_its_manifest(run):
    ledger = {"solution": {"samples": 7}}
    made = Manifest(recipe_name="r", run_id="s0-1", status="imported", ledger=ledger)
    made.write(run.manifest_path)
    now, alive = look(run)
    assert (now.state, now.roles["solver"].done, alive) == ("imported", 7, False)
    assert as_plain(run, 3)["events"] == []


def test_without_rights_to_the_lock_a_fresh_status_shows_life(run, monkeypatch):
    monkeypatch.setattr(looking, "held", lambda run: None)
    write_status(run, status(run))
    assert look(run)[1] is True
    write_status(run, status(run, updated=datetime.now(UTC) - timedelta(minutes=5)))
    assert look(run) == (look(run)[0], False)


def test_no_run(tmp_path):
    with pytest.raises(DataError, match="is no run"):
        look(RunFolder(tmp_path))


def test_a_status_of_the_first_version_has_its_counts(run):
    old = {"run_id": "s0-1", "recipe_name": "r", "solutions": {"done": 3, "total": 8}}
    (run.path / STATUS_NAME).write_text(json.dumps(old | {"verifications": {"done": 2}}))
    roles = read_status(run.path / STATUS_NAME).roles
    assert {role: count.done for role, count in roles.items()} == {"solver": 3, "verifier": 2}
