"""What differs between recipes: the keys that a person changed, and no others."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.recipe import load_recipe, resolve
from ttc.recipe.differences import differences, short_names, told
from ttc.recipe.shipped import shipped_files


def quickstart(*changes):
    return load_recipe("quickstart", changes)


def apart(*changes, of="quickstart"):
    """What differs between a shipped recipe and the same with changes: {key: (before, after)}."""
    before, after = load_recipe(of), load_recipe(of, changes)
    common, each = differences({"before": before, "after": after})
    assert not set(common) & set(each["before"])
    return {key: (each["before"][key], each["after"][key]) for key in each["before"]}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("sampler.temperature=0.6", {"sampler.temperature": (1.0, 0.6)}),
        ("seed=3", {"seed": (0, 3)}),
        ("verifiers.0.temperature=0.5", {"verifiers.0.temperature": (1.0, 0.5)}),
        ("budget.per_run.tokens=5000000", {"budget.per_run.tokens": (None, 5000000)}),
        ("backend.model=nano-draft", {"backend.model": ("nano-solver", "nano-draft")}),
        ("grid.solutions=[1, 2, 4]", {"grid.solutions": ("powers_of_two", [1, 2, 4])}),
    ],
)
def test_one_changed_key_is_one_difference(change, expected):
    assert apart(change) == expected


@pytest.mark.parametrize("change", ["name=other", "results=elsewhere", "description=x"])
def test_what_only_names_a_recipe_is_no_difference(change):
    assert apart(change) == {}
    assert apart("engine.problems_in_flight=1") == {}


def test_what_follows_from_a_changed_key_is_not_told_again():
    """Solutions of the sampler give those of the grid and of the verifier."""
    assert apart("sampler.solutions=16") == {"sampler.solutions": (64, 16)}
    deep = apart("verifiers.0.verifications=2")
    assert deep == {"verifiers.0.verifications": (8, 2)}


def test_parts_are_told_by_type_and_lists_of_them_by_names():
    found = apart("policies=[first, majority]")
    assert list(found) == ["policies"]
    assert found["policies"][1] == ["first", "majority"]
    assert apart("verifiers=[]", "policies=[majority]")["verifiers"] == (["genrm"], [])


def test_another_type_hides_no_key_that_both_have():
    one = {"sampler": {"type": "a", "temperature": 1, "solutions": 4, "only": 1}}
    other = {"sampler": {"type": "b", "temperature": 0.5, "solutions": 4, "mine": 2}}
    common, each = differences({"x": one, "y": other})
    assert common == {"sampler.solutions": 4}
    assert each["y"] == {"sampler": "b", "sampler.temperature": 0.5}


def test_a_model_is_told_whoever_else_has_none():
    recipe = {"verifiers": [{"type": "v", "backend": None}]}
    other = {"verifiers": [{"type": "v", "backend": {"type": "openai", "model": "m", "n": 1}}]}
    _, each = differences({"x": recipe, "y": other})
    assert each["x"] == {"verifiers.0.backend": None, "verifiers.0.backend.model": None}
    assert each["y"] == {"verifiers.0.backend": "openai", "verifiers.0.backend.model": "m"}


def test_parts_of_a_list_are_compared_by_name_wherever_they_stand():
    one = {"verifiers": [{"type": "v", "t": 1}, {"type": "w", "name": "second", "t": 1}]}
    other = {"verifiers": [{"type": "w", "name": "second", "t": 2}]}
    common, each = differences({"x": one, "y": other})
    assert each["x"] == {"verifiers": ["v", "second"], "verifiers.1.t": 1}
    assert each["y"] == {"verifiers": ["second"], "verifiers.1.t": 2}
    assert "verifiers.0.t" not in common


def test_an_older_recipe_has_the_defaults_of_later_keys_and_free_keys_are_what_they_are():
    old = {"backend": {"type": "x", "extra": {}}, "budget": {"per_run": {}}}
    new = {
        "backend": {"type": "x", "extra": {"top_k": 5}, "later": 1},
        "budget": {"per_run": {"tokens": 3}, "later": 1},
    }
    common, each = differences({"old": old, "new": new})
    assert each["new"] == {"backend.extra.top_k": 5, "budget.per_run.tokens": 3}
    assert each["old"] == {"backend.extra.top_k": None, "budget.per_run.tokens": None}
    assert (common["backend.later"], common["budget.later"]) == (1, 1)


def test_numbers_are_equal_by_value_and_names_of_parts_are_parts():
    common, each = differences(
        {
            "x": {"sampler": "independent", "a": 1},
            "y": {"sampler": {"type": "independent"}, "a": 1.0},
        }
    )
    assert (common, each) == ({"sampler": "independent", "a": 1}, {"x": {}, "y": {}})


def test_none_and_one():
    assert differences({}) == ({}, {})
    common, each = differences({"only": quickstart()})
    assert each == {"only": {}}
    assert common["sampler"] == "independent"
    assert common["verifiers"] == ["genrm"]


@pytest.mark.parametrize("name", sorted(shipped_files()))
def test_every_shipped_recipe_equals_itself_read_back(name):
    recipe = load_recipe(name)
    common, each = differences({"a": recipe, "b": json.loads(json.dumps(resolve(recipe)))})
    assert each == {"a": {}, "b": {}}
    assert common["dataset"] == recipe.dataset.type


def test_any_two_shipped_recipes_can_be_told_apart():
    recipes = {name: load_recipe(name) for name in shipped_files()}
    common, each = differences(recipes)
    assert not {key for one in each.values() for key in one} & set(common)
    assert each["samplers/beam"]["sampler"] == "beam"
    assert json.dumps([common, each])


VALUES = st.recursive(
    st.none() | st.integers(0, 3) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["type", "name", "model", "k"]), inner, max_size=3
    ),
    max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["sampler", "verifiers", "grid", "x"]), VALUES), VALUES)
def test_any_data_equals_itself_and_a_changed_top_key_is_seen(data, value):
    common, each = differences({"a": data, "b": data})
    assert each == {"a": {}, "b": {}}
    assert json.dumps(common)
    _, each = differences({"a": {**data, "y": [value]}, "b": {**data, "y": "other"}})
    assert list(each["a"]) == ["y"] or value is not None


def test_short_names_are_the_shortest_that_tell_keys_apart():
    keys = ["sampler.temperature", "backend.model", "verifiers.0.backend.model", "seed", "a.0"]
    assert short_names(keys) == {
        "sampler.temperature": "temperature",
        "backend.model": "backend.model",
        "verifiers.0.backend.model": "verifiers.0.backend.model",
        "seed": "seed",
        "a.0": "a.0",
    }


def test_values_in_few_letters():
    values = [None, [], True, 0.6, 64, ["a", "b"], {"k": 1.0}, "brief"]
    assert [told(value) for value in values] == [
        "-",
        "-",
        "yes",
        "0.6",
        "64",
        "a+b",
        "k=1",
        "brief",
    ]
