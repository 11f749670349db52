"""All tries of a run together stay within its budget, and being stopped changes no result."""

from __future__ import annotations

import json
import random
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from batched import QUICK, Gateway
from metered import Meter
from processes import Command

RECIPE = """
name: paid
dataset: {{type: nano, family: arithmetic, levels: [1, 2, 3], problems: 12}}
backend: {{type: openai, base_url: "{url}", model: nano-solver, n_per_call: {n}, {mode}}}
sampler: {{type: independent, solutions: 8, temperature: 1.0, max_tokens: 96}}
verifiers:
  - type: genrm
    backend: {{type: openai, base_url: "{url}", model: nano-verifier, n_per_call: {v}, {mode}}}
    prompt: nano-genrm
    solutions: 8
    verifications: 8
    temperature: 1.0
    max_tokens: 24
policies: [majority, best_of_n]
cost: {{prices: {{prompt_per_million: 1000, completion_per_million: 3000}}}}
budget: {{per_run: {{{budget}}}{shares}}}
engine: {{concurrency: 8, fingerprint: false}}
"""
TOKENS = 12_000
GROUPS = [(1, 1), (4, 8)]


@pytest.fixture
def meter(nano_server) -> Iterator[Meter]:
    running = Meter(nano_server, 0.02)
    yield running
    running.stop()


@pytest.fixture(params=["now", "batch"])
def by(request, meter) -> Iterator[tuple[str, str]]:
    """The address by which the meter is reached, and what a recipe says to do so."""
    if request.param == "now":
        yield meter.url, "mode: now"
        return
    gateway = Gateway(meter.url)
    yield gateway.url, QUICK
    gateway.stop()


class World:
    """Tries of one recipe in a folder, billed by a meter."""

    def __init__(
        self,
        folder: Path,
        meter: Meter,
        groups=(4, 8),
        budget=f"tokens: {TOKENS}",
        shares="",
        by=None,
    ):
        self.folder, self.meter, self.before = folder, meter, meter.settled()
        folder.mkdir()
        n, v = groups
        url, mode = by or (meter.url, "mode: now")
        recipe = RECIPE.format(url=url, n=n, v=v, budget=budget, shares=shares, mode=mode)
        (folder / "paid.yaml").write_text(recipe)

    def start(self, *words: str) -> Command:
        return Command(self.folder, "run", "paid.yaml", "--plain", *words)

    def finish(self, *words: str) -> dict[str, pd.DataFrame]:
        process = self.start(*words)
        said = process.communicate(timeout=200)
        assert process.returncode == 0, said
        return self.tables()

    def stop(self, number: int, seconds: float, requests: int) -> None:
        """Stop a try after so many requests, and then some seconds."""
        process, before = self.start(), self.meter.arrived
        while process.poll() is None and self.meter.arrived < before + requests:
            time.sleep(0.005)
        time.sleep(seconds)
        process.send_signal(number)
        process.communicate(timeout=60)

    @property
    def run(self) -> Path:
        (found,) = self.folder.glob("results/paid/*/")
        return found

    def tables(self) -> dict[str, pd.DataFrame]:
        names = ("problems", "solutions", "verifications", "curves")
        frames = {name: pd.read_parquet(self.run / f"{name}.parquet") for name in names}
        return {n: f.drop(columns="seconds", errors="ignore") for n, f in frames.items()}

    def billed(self) -> int:
        return self.meter.settled() - self.before


def same(one: dict[str, pd.DataFrame], other: dict[str, pd.DataFrame]) -> None:
    for name, table in one.items():
        pd.testing.assert_frame_equal(table, other[name])


@pytest.mark.slow
@pytest.mark.parametrize("groups", GROUPS)
def test_without_its_folder_a_run_finds_all_it_paid_for_and_pays_nothing(
    tmp_path, meter, groups, by
):
    if groups == (1, 1) and by[1] == QUICK:
        pytest.skip("the larger groups show it")
    world = World(tmp_path / "a", meter, groups, by=by)
    first = world.finish()
    billed = world.billed()
    assert 0.9 * TOKENS < billed <= TOKENS
    for _ in range(2):
        shutil.rmtree(world.run)
        same(world.finish(), first)
    assert world.billed() == billed


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize(("groups", "budget"), [((4, 8), f"tokens: {TOKENS}")])
def test_stopping_and_going_on_changes_nothing(tmp_path, meter, groups, budget, by):
    calm = World(tmp_path / "calm", meter, groups, budget)
    undisturbed = calm.finish()
    paid = calm.billed()
    dice = random.Random(str(groups))
    world = World(tmp_path / "stopped", meter, groups, budget, by=by)
    for requests in (5, 60):
        how = dice.choice([signal.SIGINT, signal.SIGTERM])
        world.stop(how, dice.uniform(0, 0.2), requests)
        if dice.random() < 0.5:
            shutil.rmtree(world.run, ignore_errors=True)
    same(world.finish(), undisturbed)
    assert world.billed() == paid
    shutil.rmtree(world.run)
    same(world.finish(), undisturbed)


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("seed", range(3))
def test_what_a_killed_try_had_under_way_counts(tmp_path, meter, seed, by):
    if seed and by[1] == QUICK:
        pytest.skip("what waits in batches is not under way")
    world, tables = killed(tmp_path, meter, seed, ", shares: {solve: 1, verify: 1}", by)
    billed = world.billed()
    shutil.rmtree(world.run)
    same(world.finish(), tables)
    assert world.billed() == billed


def killed(tmp_path, meter, seed, shares, by=None):
    """A run that was killed three times, and then finished."""
    dice = random.Random(seed)
    world = World(tmp_path / "killed", meter, shares=shares, by=by)
    for _ in range(3):
        world.stop(signal.SIGKILL, dice.uniform(0, 0.1), dice.randrange(1, 40))
    tables = world.finish()
    ledger = json.loads((world.run / "manifest.json").read_text())["ledger"]
    billed = world.billed()
    assert billed <= TOKENS
    assert billed + ledger["lost"]["tokens"] > 0.9 * TOKENS, "the rest was under way at a kill"
    assert list(world.folder.glob("results/journal.sqlite-underway-*")) == []
    assert all(tables["problems"]["n_solutions"] > 0)
    return world, tables


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_ratio_that_is_asked_for_is_kept_within_the_budget_when_killed(tmp_path, meter):
    """Kept by counts of samples: of what killed tries had under way, a run whose folder is lost
    may find a sample more of a problem than it had admitted; it never passes its budget.
    """
    world, tables = killed(tmp_path, meter, 1, "")
    shutil.rmtree(world.run)
    again = world.finish()
    assert world.billed() <= TOKENS
    counts = ["n_solutions", "n_verifications"]
    apart = (again["problems"][counts] - tables["problems"][counts]).abs()
    assert apart.to_numpy().max() <= 2
    assert apart.to_numpy().sum() <= 4
