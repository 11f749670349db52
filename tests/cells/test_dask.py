"""Cells on a real Dask scheduler, whose worker processes are killed."""

from __future__ import annotations

import threading
import time

import pytest
from counting import CountingServer
from dask_here import DaskHere

from ttc.cells.cell import Cell
from ttc.cells.engines import open_engine

pytest.importorskip("distributed")
RECIPE = """
name: spread
dataset: {type: nano, family: arithmetic, levels: [1, 2], problems: 6}
backend: {type: openai, base_url: URL, model: nano-solver}
sampler: {type: independent, solutions: 8, temperature: 1.0, max_tokens: 64}
engine: {concurrency: 3}
"""


@pytest.fixture
def served(nano_server):
    running = CountingServer(nano_server, 0.05)
    yield running
    running.stop()


def test_killed(tmp_path, served, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spread.yaml").write_text(RECIPE.replace("URL", f'"{served.url}"'))
    cluster = DaskHere(tmp_path, 2)
    cells = [Cell("spread.yaml", (f"seed={i}",), "results") for i in range(5)]
    t0 = time.time()
    try:

        def killer():
            while served.total < 40:
                time.sleep(0.01)
            cluster.kill_worker(0)
            print("killed", served.total, time.time() - t0)
            cluster.add_worker()

        threading.Thread(target=killer, daemon=True).start()
        for done in open_engine(f"dask://{cluster.file}").run(cells):
            print(done.cell.overrides, done.code, done.words, time.time() - t0)
    finally:
        cluster.stop()
    print(served.total, served.twice())
