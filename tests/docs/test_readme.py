"""The README is true: its recipes run or validate, its commands and links exist."""

import re
from pathlib import Path

import pytest
import yaml

from ttc.cli._app import app
from ttc.nano import models
from ttc.pipeline.run import run_recipe
from ttc.recipe import parse_recipe
from ttc.store.tables import read_frame

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RECIPES = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)


def test_the_first_recipe_runs(tmp_path):
    small = ("dataset.problems=3", "sampler.solutions=4", "verifiers.0.solutions=2")
    results = f"results={tmp_path}"
    run = run_recipe(parse_recipe(RECIPES[0], "r.yaml", [*small, results])).run
    policies = set(read_frame(run.curves, "curves")["policy"])
    assert policies == set(yaml.safe_load(RECIPES[0])["policies"])


def test_the_recipe_for_real_models_is_valid():
    assert parse_recipe(RECIPES[1], "r.yaml").verifiers


def test_commands_exist():
    known = {command.name for command in (*app.registered_commands, *app.registered_groups)}
    named = set(re.findall(r"ttc ([a-z][a-z-]+)", README))
    assert named <= known


def test_make_targets_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"make ([a-z-]+)", README)) - {"and"} <= targets


@pytest.mark.parametrize("link", re.findall(r"\]\((?!http)([^)#]+)\)", README))
def test_links_lead_somewhere(link):
    assert (ROOT / link).exists()


def test_the_models_are_counted_right():
    words = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight"}
    assert f"`nano`, {words[len(models())]} very small transformers" in README
