"""The page on clusters, followed to the letter as far as one machine goes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ttc.cells.engines import _ENGINES
from ttc.cells.engines.dask_queues import QUEUES

PAGE = (Path(__file__).parents[2] / "docs/how-to/run-on-a-cluster.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_pages_commands_work(follow, tmp_path, monkeypatch):
    monkeypatch.setenv("TTC_CACHE", str(tmp_path / "cache"))
    small = "--set dataset.problems=4 --set sampler.solutions=8 --set verifiers.0.verifications=2"
    text = PAGE.replace("/tmp/ttc-page", str(tmp_path / "page"))
    text = text.replace("--set dataset.problems=8", small)
    shown = follow(text)
    assert "--shard 4/4" in shown
    assert "Merged 4 shards into" in shown
    assert "Nothing to do: this run is complete." in shown
    assert "#SBATCH --array=1-16%8" in shown
    assert "--dependency=afterany:" in shown
    assert "licence: CC0-1.0" in shown


def test_the_page_names_every_engine():
    listed = " ".join(re.findall(r"^\| (`.*?) \|", PAGE, re.M))
    for name in (*_ENGINES, *QUEUES):
        assert f"`{name}" in listed or f"`dask://{name}`" in listed, name
