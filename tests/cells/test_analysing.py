"""Analysis on engines: the same figures as in one process."""

from __future__ import annotations

import json

import pytest
from dask_here import DaskHere
from processes import ttc

from ttc.cells.analysing import analysing
from ttc.errors import UsageError

SMALL = (
    *("--set", "dataset.problems=8", "--set", "sampler.solutions=8"),
    *("--set", "verifiers.0.verifications=2"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("analysed")
    done = ttc(place, "run", "quickstart", *SMALL, "--quiet")
    assert done.returncode == 0, done.stderr
    return place


def figures(folder, *words):
    asked = ("curves", "quickstart", "--k", "1,3,8", "--verifications", "1,2", "--all", "--json")
    done = ttc(folder, *asked, *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def alone(folder):
    return figures(folder)


@pytest.mark.slow
def test_on_processes_here(folder, alone):
    assert figures(folder, "--jobs", "2") == alone


@pytest.mark.slow
def test_on_a_real_dask_whose_workers_have_the_disk(folder, alone, tmp_path):
    pytest.importorskip("distributed")
    cluster = DaskHere(tmp_path, 2)
    try:
        assert figures(folder, "--engine", f"dask://{cluster.file}") == alone
    finally:
        cluster.stop()


@pytest.mark.slow
def test_on_ray(folder, alone):
    pytest.importorskip("ray")
    assert figures(folder, "--engine", "ray://", "--jobs", "2") == alone


@pytest.mark.parametrize("engine", ["slurm", "condor://x"])
def test_an_engine_that_is_none_for_analysis(engine):
    with pytest.raises(UsageError, match="no engine for analysis"), analysing(engine, None):
        pass
