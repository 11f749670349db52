"""Run ids that recipes had before methods got further fields: what is not said changes none."""

import pytest

from ttc.recipe import load_recipe
from ttc.recipe.identity import run_id

RULE = "sampler={type: adaptive, rule: adaptive_consistency, most: 9}"
ESC = "sampler={type: adaptive, rule: {type: esc, window: 3}}"


@pytest.mark.parametrize(
    ("name", "changes", "known"),
    [
        ("adaptive", (), "s0-ba50d1f5"),
        ("quickstart", (), "s0-8cc7dc57"),
        ("sc_vs_genrm", (), "s0-0fe1734a"),
        ("budgeted", (), "s0-2de31a41"),
        ("replay", (), "s0-9ea3996b"),
        ("own_problems", (), "s0-9876e9e1"),
        ("quickstart", (RULE, "policies=[majority]"), "s0-174223f2"),
        ("quickstart", (ESC, "policies=[majority, {type: pessimistic, alpha: 2}]"), "s0-1e6daa51"),
    ],
)
def test_a_recipe_is_the_run_that_it_was(name, changes, known):
    assert run_id(load_recipe(name, changes)) == known


def test_an_id_follows_from_the_recipe_not_from_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "large").mkdir()
    (tmp_path / "large" / "file").write_text("anything")
    assert run_id(load_recipe("quickstart", (RULE, "policies=[majority]"))) == "s0-174223f2"
