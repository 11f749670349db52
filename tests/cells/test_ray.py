"""Cells on a real Ray of this machine."""

from __future__ import annotations

import threading
import time

import pytest

from ttc.cells.cell import Cell
from ttc.cells.engines import open_engine
from ttc.errors import MissingExtra, UsageError

SMALL = ("dataset.problems=2", "sampler.solutions=2", "verifiers=[]", "policies=[majority]")


def test_without_the_library_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(MissingExtra, match=r"\[ray\]"):
        open_engine("ray://")


def test_an_address_that_is_none():
    pytest.importorskip("ray")
    with pytest.raises(UsageError, match="host:port"):
        open_engine("ray://a b")


@pytest.mark.slow
def test_cells_on_ray(tmp_path, monkeypatch):
    pytest.importorskip("ray")
    monkeypatch.chdir(tmp_path)
    cells = [Cell("quickstart", (*SMALL, f"seed={i}"), "results") for i in ("odd", 1, 2)]
    done = {one.cell.overrides[-1]: one for one in open_engine("ray://", 2).run(cells)}
    assert [done[f"seed={i}"].code for i in (1, 2)] == [0, 0]
    assert "seed: must be a whole number" in done["seed=odd"].words
    assert len(list(tmp_path.glob("results/quickstart/*/manifest.json"))) == 2


@pytest.mark.slow
def test_a_worker_that_is_killed_has_its_cell_done_again(tmp_path, monkeypatch):
    pytest.importorskip("ray")
    psutil = pytest.importorskip("psutil")
    monkeypatch.chdir(tmp_path)
    killed = []

    def kill() -> None:
        deadline = time.monotonic() + 60
        while not killed and time.monotonic() < deadline:
            for process in psutil.process_iter(["cmdline"]):
                if "ray::_do" in " ".join(process.info["cmdline"] or ()) and process.children():
                    process.kill()
                    killed.append(process.pid)
                    return
            time.sleep(0.1)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    cell = Cell("quickstart", (*SMALL, "dataset.problems=24"), "results")
    (done,) = open_engine("ray://", 1).run([cell])
    killer.join()
    assert killed
    assert done.ok, done.words
