"""Shards that were merged are the run that one machine would have written."""

from __future__ import annotations

import shutil
from contextlib import suppress
from functools import cache

import pandas as pd
import pytest
from sharded import CLOCK, GENRM, TABLES, USUAL, check_same

from ttc.errors import Busy
from ttc.pipeline.run import run_recipe
from ttc.pipeline.sharding import merge as merging
from ttc.pipeline.sharding.beside import require_alone
from ttc.pipeline.sharding.merge import merge
from ttc.recipe import parse_recipe
from ttc.store.lock import locked
from ttc.store.manifest import Try
from ttc.store.run_folder import RunFolder

PER_PROBLEM = USUAL + "budget: {per_problem: {tokens: [300, 900]}}\n"
BEAM = """
name: searched
dataset: {type: nano, family: arithmetic, levels: [2, 3], problems: 7}
backend: {type: nano, model: nano-solver}
sampler:
  type: beam
  beams: 4
  width: 2
  temperature: 1.0
  steps: line
  most_steps: 4
  step_tokens: 16
  prm: {type: nano, model: nano-prm}
  prm_prompt: nano-solver
policies: [first]
"""
PRM = "{type: prm, backend: {type: nano, model: nano-prm}, prompt: nano-solver, steps: line}"
HELD = USUAL.replace(f"[{GENRM}]", f"[{{type: ensemble, verifiers: [{GENRM}, {PRM}]}}]")
RECIPES = {"verified": USUAL, "per problem": PER_PROBLEM, "search": BEAM, "held": HELD}


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """alone(which): the run of one machine, with a journal of its own."""

    @cache
    def done(which):
        results = tmp_path_factory.mktemp("alone")
        return run_recipe(parse_recipe(f"{RECIPES[which]}\nresults: {results}", "recipe.yaml"))

    return done


@pytest.mark.parametrize(
    ("which", "of"),
    [
        *(("verified", 1), ("verified", 4), ("per problem", 4), ("search", 4), ("held", 3)),
        *(pytest.param(which, 16, marks=pytest.mark.slow) for which in RECIPES),
    ],
)
def test_tables_are_those_of_one_machine(alone, shards, which, of):
    text, alone = RECIPES[which], alone(which)
    folders = shards("shared", text, of)
    done = merge([folders[0].whole.path])
    assert done.fresh
    assert done.run.path == folders[0].whole.path
    check_same(done.run, alone.run)
    assert done.run.complete()
    mine, theirs = done.manifest, alone.manifest
    assert mine.tables["problems"] == theirs.tables["problems"]
    for name in ("run_id", "identity", "dataset", "status", "choices", "evaluation", "seed"):
        assert getattr(mine, name) == getattr(theirs, name), name
    assert mine.ledger.keys() == theirs.ledger.keys()
    for name, value in theirs.ledger.items():
        if name != "roles":
            assert mine.ledger[name] == pytest.approx(value), name
    for role, used in theirs.ledger["roles"].items():
        assert mine.ledger["roles"][role] == pytest.approx(used), role
    assert len(mine.tries) == of
    assert {one.shard for one in mine.tries} == {f"{i}/{of}" for i in range(1, of + 1)}
    assert mine.models == theirs.models


def test_only_times_differ(alone, shards):
    """And these only because they were measured on other occasions."""
    alone = alone("search").run
    merged = merge([shards("shared", BEAM, 3)[0].whole.path]).run
    for name in TABLES:
        if alone.table(name).is_file():
            mine, theirs = (pd.read_parquet(one.table(name)) for one in (merged, alone))
            differing = {c for c in mine.columns if not mine[c].equals(theirs[c])}
            assert differing <= CLOCK
            assert len(mine) == len(theirs)


def test_one_that_was_merged_is_left_alone_until_a_shard_is_another(run, shards):
    whole = shards("shared", of=2)[0].whole
    assert merge([whole.path]).fresh
    assert not merge([whole.path]).fresh
    assert not run("shared").fresh, "a run that was merged is complete"
    shutil.rmtree(whole.path / "shards/2-of-2")
    run("shared", shard="2/2")
    again = merge([whole.path])
    assert not again.fresh, "the journal gave it the very same tables"


def test_a_run_that_is_complete_without_shards_stays(run, shards):
    whole = run("shared")
    shards("shared", of=2)
    before = whole.run.manifest_path.read_bytes()
    assert not merge([whole.run.path]).fresh
    assert whole.run.manifest_path.read_bytes() == before


@pytest.mark.parametrize("moment", ["checking", "merging solutions", "evaluating"])
def test_a_shard_that_begins_again_meanwhile_is_not_merged(shards, monkeypatch, moment):
    """Once the whole is locked, only one of another place does."""
    folders = shards("shared", of=2)
    begun = []

    def meanwhile(*_):
        with suppress(Busy), locked(folders[0]):
            require_alone(folders[0])
            begun.append(folders[0])
            manifest = folders[0].manifest()
            manifest.tries.append(Try())
            manifest.write(folders[0].manifest_path)

    def told(text):
        if text == moment:
            meanwhile()

    if moment == "checking":
        monkeypatch.setattr(merging, "require_within_budget", meanwhile)
        with pytest.raises(Busy, match="shard 1/2 began again"):
            merge([folders[0].whole.path])
        assert begun
        return
    merge([folders[0].whole.path], told=told)
    assert not begun
    elsewhere = folders[0].results.parent / "elsewhere"
    with pytest.raises(Busy, match="shard 1/2 began again"):
        merge([one.path for one in folders], elsewhere, told)
    assert begun
    assert not RunFolder(elsewhere / "shared" / folders[0].run_id).complete()
