"""Tuned policies in recipes: refused before anything is sampled, or on the other problems only."""

import pytest

from ttc import nano
from ttc.errors import DataError
from ttc.pipeline.run import load_problems, run_recipe
from ttc.pipeline.scaling.sources import load_sources
from ttc.pipeline.tuning.file import Tuned, digests
from ttc.recipe import parse_recipe, recipe_hash
from ttc.store.tables import read_frame

pytestmark = pytest.mark.skipif("nano-prm" not in nano.models(), reason="no nano-prm")
RECIPE = """
name: tuned
dataset: {{type: nano, family: arithmetic, levels: [1, 2], problems: 8}}
sampler: {{type: independent, solutions: 4, temperature: 1.0, max_tokens: 64}}
verifiers:
  - {{type: prm, backend: {{type: nano, model: nano-prm}}, prompt: nano-solver, steps: line}}
policies: [first, majority, {{type: pessimistic, alpha: 1, tuned: {file}}}]
results: {folder}/results
grid: {{tuning_problems: {what}}}
"""


@pytest.fixture
def recipe(tmp_path):
    """recipe(what) was tuned on three of its eight problems."""
    file = tmp_path / "mine.json"

    def made(what):
        text = RECIPE.format(file=file, folder=tmp_path, what=what)
        if not file.exists():  # which a recipe that names it can't be read without
            untuned = parse_recipe(text.replace(f", tuned: {file}", ""), tmp_path / "r.yaml")
            chosen = digests(load_problems(untuned)[:3])
            Tuned(run="another/s0-1", seed=0, problems=chosen, others=5).write(file)
        return parse_recipe(text, tmp_path / "r.yaml")

    return made


def test_refused_before_anything_is_bought(recipe, tmp_path):
    with pytest.raises(DataError, match=r"pessimistic\(alpha=1\) was tuned on 3 of the 8 problems"):
        run_recipe(recipe("refuse"))
    assert not list((tmp_path / "results").rglob("solutions.parquet"))


def test_left_out_for_all_policies_alike(recipe):
    done = run_recipe(recipe("left_out"))
    curves = read_frame(done.run.curves, "curves")
    assert set(curves["n_problems"]) == {5}
    assert set(curves["n_left_out"]) == {3}
    assert set(curves["policy"]) == {"first", "majority", "pessimistic(alpha=1)"}
    manifest = done.run.manifest()
    assert manifest.choices.tuning == "held_out"
    assert len(manifest.evaluation["tuning"]["problems"]) == 3
    assert manifest.evaluation["without_solutions"] == []
    (source,) = load_sources([done.run], None, None, "tokens")
    assert len(source.problem_ids) == 5
    assert not set(source.problem_ids) & set(manifest.evaluation["tuning"]["problems"])


def test_the_file_counts_by_what_it_holds(recipe, tmp_path):
    before = recipe_hash(recipe("left_out"))
    (tmp_path / "mine.json").rename(tmp_path / "other.json")
    text = RECIPE.format(file=tmp_path / "other.json", folder=tmp_path, what="left_out")
    assert recipe_hash(parse_recipe(text)) == before
    (tmp_path / "other.json").write_text("{}")
    assert recipe_hash(parse_recipe(text)) != before


def test_a_file_beside_the_recipe_is_found(tmp_path):
    (tmp_path / "mine.json").write_text("{}")
    text = RECIPE.format(file="mine.json", folder=tmp_path, what="refuse")
    found = parse_recipe(text, tmp_path / "r.yaml")
    assert found.policies[2].tuned == str(tmp_path / "mine.json")
