"""The files by which a run is steered: whose they are, and which of them count."""

from __future__ import annotations

import json
import os
import stat
import sys
import threading
import time

import pytest

from ttc.errors import DataError
from ttc.store.control import Answer, Door, ask
from ttc.store.lock import locked
from ttc.store.manifest import Manifest
from ttc.store.run_folder import RunFolder


@pytest.fixture
def run(tmp_path):
    made = RunFolder(tmp_path / "mine" / "s0-1")
    Manifest(recipe_name="mine", run_id="s0-1", seed=0).write(made.manifest_path)
    return made


class Listening:
    """A thread that answers every request with what it was asked."""

    def __init__(self, door):
        self.door, self.over = door, threading.Event()
        self.thread = threading.Thread(target=self.work)

    def work(self):
        while not self.over.wait(0.02):
            for name in self.door.waiting():
                request = self.door.take(name)
                if request is not None:
                    said = f"{request.command} {' '.join(request.words)}"
                    self.door.answer(name, Answer(ok=True, said=said))

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def test_a_request_is_answered_and_nothing_is_left(run):
    with locked(run):
        door = Door(run)
        assert door.open()
        with Listening(door):
            answer = ask(run, "set", ("engine.concurrency=8",))
        assert answer.said == "set engine.concurrency=8"
        assert [path.name for path in (run.path / "control").iterdir()] == ["open.json"]
        door.close()
        assert not (run.path / "control").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="has no such modes")
def test_nobody_else_can_read_or_write_there(run):
    with locked(run):
        door = Door(run)
        door.open()
        seen = []

        def look():
            while not (names := door.waiting()):
                time.sleep(0.01)
            seen.append((run.path / "control" / names[0]).stat().st_mode)
            door.answer(names[0], Answer(ok=True, said="yes"))

        thread = threading.Thread(target=look)
        thread.start()
        ask(run, "pause", ())
        thread.join()
        assert stat.S_IMODE(seen[0]) == 0o600
        assert stat.S_IMODE((run.path / "control").stat().st_mode) == 0o700
        assert stat.S_IMODE((run.path / "control" / "open.json").stat().st_mode) == 0o600


def test_a_run_that_is_not_live_is_not_asked(run):
    with pytest.raises(DataError, match=r"mine/s0-1 is not running \(.*`ttc run` with its recipe"):
        ask(run, "pause", ())
    with locked(run), pytest.raises(DataError, match="takes no commands"):
        ask(run, "pause", ())
    assert not (run.path / "control").exists()


def test_what_an_earlier_try_was_asked_does_not_steer_the_next(run):
    with locked(run):
        Door(run).open()
        with pytest.raises(DataError, match=r"did not answer within 0\.1 s.*not do it any more"):
            ask(run, "pause", (), 0.1)
        first = json.loads((run.path / "control" / "open.json").read_text())
        old = {"token": first["token"], "command": "stop", "words": []}
        (run.path / "control" / "1.request").write_text(json.dumps(old))
        door = Door(run)
        door.open()  # the next try
        assert door.waiting() == []
        (run.path / "control" / "2.request").write_text(json.dumps(old))
        assert door.take("2.request") is None
        assert door.waiting() == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs links and pipes")
def test_what_is_no_request_is_put_away_and_holds_nothing_up(run):
    with locked(run):
        door = Door(run)
        door.open()
        folder = run.path / "control"
        good = (folder / "open.json").read_text().replace("}", ', "command": "stop"}')
        elsewhere = run.path / "elsewhere"
        elsewhere.write_text(good)
        (folder / "1.request").symlink_to(elsewhere)
        os.mkfifo(folder / "2.request")
        (folder / "3.request").write_text("{")
        (folder / "4.request").write_text(good.replace("}", f', "words": ["{"x" * 70000}"]}}'))
        (folder / "5.request").write_text(good.replace("stop", "stop\udcff", 1), errors="replace")
        assert [door.take(name) for name in door.waiting()[:4]] == [None] * 4
        assert elsewhere.exists()
        assert len(door.waiting()) == 1


def test_where_the_folder_cannot_be_made_the_run_goes_on(run):
    run.path.joinpath("control").write_text("in the way")
    assert Door(run).open(), "what is in the way goes"
    lost = Door(RunFolder(run.path / "nowhere" / "deep"))
    assert not lost.open()
    lost.close()
    lost.answer("1.request", Answer(ok=True, said=""))
    assert lost.waiting() == []
