"""What a sweep's file and options say: which cells, and all that is wrong at once."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.cells.sweep.cells import cells_of
from ttc.cells.sweep.file import is_sweep, read_sweep
from ttc.cells.sweep.options import grid_axes, shared_settings
from ttc.cells.sweep.random_draws import drawn, read_draw
from ttc.cells.sweep.spec import Spec, problem, setting
from ttc.errors import RecipeError
from ttc.shipped import shipped_sweeps
from ttc.yamltext import parse_value


def read(folder, text):
    path = folder / "sweep.yaml"
    path.write_text(text)
    return read_sweep(path)


def combined(spec):
    return [{one.key: one.value for one in each} for each in spec.combinations()]


def test_all_combinations_of_what_sections_say(tmp_path):
    spec = read(
        tmp_path,
        """
recipes: quickstart
set: {dataset.problems: 4}
list:
  - {sampler.solutions: 2}
  - {sampler.solutions: 4, sampler.max_tokens: 32}
grid:
  sampler.temperature: [0.5, 1]
  seed: [0, 1, 2]
""",
    )
    cells = combined(spec)
    assert spec.size == len(cells) == 2 * 2 * 3
    assert cells[0] == {
        "dataset.problems": 4,
        "sampler.solutions": 2,
        "sampler.temperature": 0.5,
        "seed": 0,
    }
    assert len({tuple(sorted(one.items())) for one in cells}) == 12
    assert sum("sampler.max_tokens" in one for one in cells) == 6
    assert spec.name == "sweep"


def test_all_faults_at_once_each_with_its_line_and_key(tmp_path):
    with pytest.raises(RecipeError) as refused:
        read(
            tmp_path,
            """recipes: []
grdi: {}
set: {results: x}
grid:
  seed: []
list: 3
random:
  cells: 0
  keys:
    seed: {normal: [0, 1]}
    sampler.top_p: {uniform: [1, 0]}
    backend.api_key: [abc]
""",
        )
    lines = str(refused.value).splitlines()
    expected = [
        (1, "recipes"),
        (2, "grdi"),
        (3, "set.results"),
        (5, "grid.seed"),
        (6, "list"),
        (8, "random.cells"),
        (10, "random.keys.seed"),
        (11, "random.keys.sampler.top_p"),
        (12, "random.keys.backend.api_key"),
    ]
    assert len(lines) == len(expected) + 1  # and that no key is left to draw
    for number, key in expected:
        assert any(f"sweep.yaml:{number}: {key}: " in line for line in lines), (number, key)
    assert "did you mean 'grid'?" in str(refused.value)
    assert "abc" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("seed=0,1,2", [0, 1, 2]),
        ("sampler.temperature=0.6,1e-3,1", [0.6, 0.001, 1]),
        ("verifiers=[],[genrm]", [[], ["genrm"]]),
        (
            "dataset={type: nano, levels: [1, 2]},gsm8k",
            [{"type": "nano", "levels": [1, 2]}, "gsm8k"],
        ),
        ("x=no,null,'1',true", ["no", None, "1", True]),
    ],
)
def test_values_of_a_grid_are_what_set_would_read(text, values):
    axes, faults = grid_axes([text])
    assert not faults
    assert [one.value for (one,) in axes[0].alternatives] == values
    for (one,) in axes[0].alternatives:
        key, _, written = one.text.partition("=")
        assert key == text.partition("=")[0]
        assert parse_value(written, "") == one.value


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text("abc", min_size=1), inner, max_size=3)
        ),
        max_leaves=6,
    )
)
def test_what_a_cell_sets_is_read_again_as_what_it_is(value):
    if isinstance(value, int) and abs(value) >= 10**39:
        return  # longer numbers are texts in a recipe
    _, _, written = setting("key", value, "").text.partition("=")
    found = parse_value(written, "")
    assert found == value
    assert type(found) is type(value)
    assert "\n" not in written


def test_options_add_to_a_file_and_replace_its_key(tmp_path):
    spec = read(tmp_path, "recipes: [quickstart]\ngrid: {seed: [0, 1], sampler.top_p: [0.9, 1]}")
    axes, _ = grid_axes(["seed=7"])
    shared, _ = shared_settings(["dataset.problems=2"])
    cells = combined(spec.with_options(shared, axes))
    assert [one["seed"] for one in cells] == [7, 7]
    assert {one["dataset.problems"] for one in cells} == {2}


def test_a_key_that_would_undo_another_is_refused(tmp_path):
    spec = read(
        tmp_path,
        "recipes: a\nlist: [{sampler.temperature: 1}]\ngrid: {sampler: [beam], seed: [1]}",
    )
    (fault,) = spec.faults()
    assert "sampler would undo sampler.temperature" in fault
    assert "sweep.yaml:3" in fault
    spec = read(tmp_path, "recipes: a\nset: {seed: 1}\ngrid: {seed: [1, 2]}")
    (fault,) = spec.faults()
    assert "seed would undo seed" in fault
    inside = read(tmp_path, "recipes: a\nlist: [{sampler: beam}]\ngrid: {sampler.width: [1]}")
    assert not list(inside.faults())


def test_too_many_cells_are_refused_before_any_is_made(tmp_path):
    many = list(range(200))
    spec = read(tmp_path, f"recipes: a\ngrid: {{a: {many}, b: {many}, c: {many}}}")
    assert "8,000,000 cells" in next(iter(spec.faults()))


@pytest.mark.parametrize(
    ("key", "value"),
    [("backend.api_key", "x"), ("backend", {"api_key": "x"}), ("a", [{"b": {"password": ["x"]}}])],
)
def test_secrets_are_not_written_down(key, value):
    assert "environment" in problem(key, value)


@pytest.mark.parametrize(
    ("key", "value"),
    [("backend.api_key_env", "MY_KEY"), ("backend.api_key", None), ("sampler.max_tokens", 3)],
)
def test_what_only_sounds_like_a_secret_is_swept(key, value):
    assert problem(key, value) is None


@given(st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 40))
def test_more_draws_keep_the_first_and_other_keys_change_none(seed, few, more):
    draws = {"a": read_draw({"uniform": [0, 1]}), "b": read_draw({"loguniform": [0.01, 10]})}
    first = drawn(draws, few, seed)
    assert drawn(draws, few + more, seed)[:few] == first
    alone = drawn({"a": draws["a"]}, few, seed)
    assert [one["a"] for one in alone] == [one["a"] for one in first]


@given(
    st.sampled_from(["uniform", "loguniform", "integers", "logintegers"]),
    st.integers(1, 1000),
    st.integers(1, 1000),
    st.integers(0, 1000),
)
def test_draws_stay_within_their_bounds(name, low, wide, seed):
    found = drawn({"k": read_draw({name: [low, low + wide]})}, 1, seed)[0]["k"]
    assert low <= found <= low + wide
    assert isinstance(found, int) == name.endswith("integers")


def test_ranges_are_spread_as_they_say():
    def share_below(name, bounds, at, n=2000):
        draw, generator = read_draw({name: bounds}), np.random.default_rng(0)
        return sum(draw(generator) <= at for _ in range(n)) / n

    assert share_below("uniform", [0, 10], 2.5) == pytest.approx(0.25, abs=0.04)
    assert share_below("loguniform", [0.01, 100], 1) == pytest.approx(0.5, abs=0.04)
    assert share_below("logintegers", [1, 2**20], 2**10) == pytest.approx(0.52, abs=0.05)


def test_all_of_a_small_space_is_drawn_and_no_more():
    draws = {"a": read_draw([1, 2]), "b": read_draw({"integers": [0, 2]})}
    found = drawn(draws, 10, 0)
    assert Counter((one["a"], one["b"]) for one in found) == Counter(
        {(a, b): 1 for a in (1, 2) for b in (0, 1, 2)}
    )


def test_a_recipe_is_no_sweep_and_a_shipped_sweep_is_one(tmp_path):
    (tmp_path / "r.yaml").write_text("dataset: gsm8k\ngrid: {solutions: [1]}\n")
    assert not is_sweep(tmp_path / "r.yaml")
    assert not is_sweep(tmp_path / "none.yaml")
    assert shipped_sweeps()
    for path in shipped_sweeps().values():
        assert is_sweep(path)
        spec = read_sweep(path)
        assert len(cells_of(spec, tmp_path).cells) == spec.size


def test_what_is_wrong_in_some_cells_only_says_in_which(tmp_path):
    axes, _ = grid_axes(["seed=0,1", "sampler.max_tokens=0"])
    with pytest.raises(RecipeError) as refused:
        cells_of(Spec((("quickstart", ""),), axes=tuple(axes)), tmp_path)
    lines = str(refused.value).splitlines()
    (everywhere,) = (line for line in lines if "max_tokens: must" in line)
    assert "cells" not in everywhere
    axes, _ = grid_axes(["seed=0,1", "nosuch.key=1,2"])
    with pytest.raises(RecipeError) as refused:
        cells_of(Spec((("quickstart", ""),), axes=tuple(axes)), tmp_path)
    assert "cells" not in str(refused.value), "wrong with both values"
    axes, _ = grid_axes(["sampler=independent,{type: refine}", "seed=0,1", "sampler.rounds=2"])
    with pytest.raises(RecipeError) as refused:
        cells_of(Spec((("quickstart", ""),), axes=tuple(axes)), tmp_path)
    (line,) = (one for one in str(refused.value).splitlines() if "unknown key" in one)
    assert line.startswith("--grid sampler.rounds=2: sampler.rounds: unknown key")
    assert "(in 2 of its 4 cells; first: quickstart, sampler=independent, seed=0)" in line
