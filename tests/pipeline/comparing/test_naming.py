"""Runs are called by what differs in their recipes, never by a hash."""

import pytest

from ttc.pipeline.naming import names_of
from ttc.store.manifest import Manifest

BASE = {
    "name": "temps",
    "dataset": {"type": "nano", "problems": 8},
    "backend": {"type": "nano", "model": "nano-solver"},
    "sampler": {"type": "independent", "solutions": 8, "temperature": 1.0},
    "prompt": "plain",
    "verifiers": [],
    "budget": {"per_problem": {}},
}


class Run:
    """A run folder of which only the manifest is asked, and in which folder it lies."""

    def __init__(self, recipe, name="temps", seed=0, folder="temps"):
        self.recipe_name = folder
        self.told = Manifest(recipe_name=name, recipe=recipe, run_id="s0-1a2b3c4d", seed=seed)

    def manifest(self):
        return self.told


def changed(**changes):
    """The recipe with dotted keys changed."""
    recipe = {**BASE, "sampler": dict(BASE["sampler"]), "backend": dict(BASE["backend"])}
    for path, value in changes.items():
        section, _, key = path.partition("__")
        if key:
            recipe[section][key] = value
        else:
            recipe[section] = value
    return recipe


def names(*recipes):
    return names_of([Run(one, name=one["name"]) for one in recipes]).names


def test_by_the_key_that_was_changed():
    assert names(BASE, changed(sampler__temperature=0.6)) == ("temperature=1", "temperature=0.6")
    assert names(BASE, changed(prompt="prompts/brief.yaml")) == ("prompt=plain", "prompt=brief")
    assert names(BASE, changed(backend__model="nano-draft")) == ("nano-solver", "nano-draft")


def test_all_that_differs_is_in_the_name():
    """A difference that hides behind another one would be taken for it."""
    other = changed(sampler__temperature=0.6, backend__model="nano-draft")
    assert names(BASE, other) == (
        "nano-solver, temperature=1",
        "nano-draft, temperature=0.6",
    )


def test_copies_of_one_run_are_called_by_their_folders():
    copies = [Run(BASE, folder=folder) for folder in ("mine", "theirs")]
    assert names_of(copies).names == ("mine", "theirs")
    assert names_of([Run(BASE), Run(BASE)]).names == ("temps #1", "temps #2")


def test_seeds_and_limits_count_where_nothing_else_differs():
    seeds = [Run(BASE, seed=seed) for seed in (0, 1)]
    assert names_of(seeds).names == ("seed=0", "seed=1")
    limited = changed(budget={"per_problem": {"tokens": 500}})
    assert names(BASE, limited) == ("no tokens", "tokens=500")
    found = names_of([Run(BASE), Run(changed(sampler__temperature=0.6, budget=limited["budget"]))])
    assert found.names == ("temperature=1", "temperature=0.6")
    assert found.also == ("budget.per_problem.tokens",)


def test_recipes_names_where_too_much_differs():
    beam = changed(name="samplers-beam", sampler={"type": "beam", "width": 4, "depth": 2})
    dvts = changed(name="samplers-dvts", sampler={"type": "dvts", "width": 8, "trees": 2})
    plain = changed(
        name="samplers-plain",
        sampler__temperature=0.5,
        prompt="a-rather-long-prompt-that-somebody-wrote",
    )
    assert names(beam, dvts, plain) == ("beam", "dvts", "plain")


def test_samples_of_others_by_what_they_are_called():
    runs = [Run({"import": {"source": f"{n}.jsonl"}}, name=n) for n in ("theirs", "ours")]
    assert names_of(runs).names == ("theirs", "ours")
    assert names_of([runs[0], Run(BASE, name="temps")]).names == ("theirs", "temps")


def test_the_same_recipe_twice_is_numbered():
    assert names(BASE, BASE) == ("temps #1", "temps #2")


def test_what_is_equal_is_said_once():
    found = names_of([Run(BASE), Run(changed(sampler__temperature=0.6))])
    assert found.equal["sampler.solutions"] == "8 solutions"
    assert "sampler.temperature" not in found.equal


@pytest.mark.parametrize("count", [1, 2, 3])
def test_no_name_has_a_hash_in_it(count):
    found = names_of([Run(changed(sampler__temperature=t / 10)) for t in range(count)])
    assert len(set(found.names)) == count
    assert not any("1a2b3c4d" in name for name in found.names)
