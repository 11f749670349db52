"""Runs of the embedded models, whole and in shards, in this process."""

from __future__ import annotations

import pytest
from sharded import USUAL

from ttc.core.shard import Shard
from ttc.pipeline.run import run_recipe
from ttc.recipe import parse_recipe


@pytest.fixture
def run(tmp_path):
    """run(results, text, shard): the outcome of a recipe, or of a shard of it."""

    def done(results, text=USUAL, shard=None):
        recipe = parse_recipe(f"{text}\nresults: {tmp_path / results}", "recipe.yaml")
        return run_recipe(recipe, shard=None if shard is None else Shard.parse(shard))

    return done


@pytest.fixture
def shards(run):
    """shards(results, text, of): the folders of all shards of a recipe."""

    def done(results, text=USUAL, of=4):
        return [run(results, text, f"{i}/{of}").run for i in range(1, of + 1)]

    return done
