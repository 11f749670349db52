import json

import pytest

from ttc.errors import RecipeError
from ttc.recipe import (
    Recipe,
    find_recipe,
    load_recipe,
    parse_recipe,
    recipe_hash,
    resolve,
    run_id,
    shipped_recipes,
    starter,
)

BARE = "dataset: nano\n"


def test_a_bare_recipe_has_every_default():
    recipe = parse_recipe(BARE, "some/mine.yaml")
    assert (recipe.name, recipe.seed, recipe.backend.type) == ("mine", 0, "nano")
    assert [p.type for p in recipe.policies] == ["first", "majority", "oracle"]
    assert recipe.answer_rule == recipe.dataset.default_answers
    assert recipe.grid_solutions() == (1, 2, 4, 8, 16)
    assert recipe.grid_verifications() == ()
    assert resolve(recipe)["sampler"]["prompt"] == "nano-solver"


def test_answers_given_in_part_keep_the_rest_of_the_datasets_rule():
    recipe = parse_recipe(BARE + "answers: {equivalence: numeric}\n")
    assert recipe.answer_rule.equivalence == "numeric"
    assert recipe.answer_rule.extractors == ("final_answer",)
    assert recipe.answer_rule.equivalent("1.0", "1")


def test_a_verifier_may_have_a_backend_of_its_own():
    recipe = parse_recipe(
        BARE + "verifiers: [{type: genrm, prompt: nano-genrm, backend: nano}, "
        "{type: genrm, prompt: nano-genrm, name: b}]\n"
    )
    assert recipe.verifiers[0].backend == recipe.backend
    assert recipe.verifiers[1].backend is None
    assert resolve(recipe)["verifiers"][1]["backend"] == resolve(recipe)["backend"]


def test_anchors_merge_and_may_stand_under_a_key_of_their_own():
    text = """
        x-judge: &judge {type: genrm, prompt: nano-genrm, verifications: 2}
        dataset: nano
        verifiers:
        - {<<: *judge, name: a}
        - {<<: [{verifications: 9}, *judge], name: b}
        - {verifications: 3, <<: *judge, name: c}
    """
    assert [v.verifications for v in parse_recipe(text).verifiers] == [2, 9, 3]


def test_numbers_and_texts_are_those_of_yaml_1_2():
    recipe = parse_recipe(BARE + "budget: {per_run: {tokens: 1e7}}\ndescription: no\nseed: 1_000\n")
    assert recipe.budget.per_run.tokens == 1e7
    assert (recipe.description, recipe.seed) == ("no", 1000)


def test_a_recipe_can_be_made_in_python():
    recipe = Recipe(name="x", dataset="nano")
    assert recipe_hash(recipe) == recipe_hash(parse_recipe(BARE))


def test_a_resolved_recipe_is_json_and_the_same_recipe():
    recipe = parse_recipe(starter(), "s.yaml")
    again = parse_recipe(json.dumps(resolve(recipe)), "t.yaml")
    assert resolve(again) == resolve(recipe)
    assert run_id(again) == run_id(recipe)


@pytest.mark.parametrize(
    "change",
    [
        "name: other",
        "description: other",
        "results: elsewhere",
        "engine: {concurrency: 2}",
        "sampler: {solutions: 16, type: independent}",
        "sampler: {type: independent, temperature: 7e-1}",
        "grid: {solutions: [16, 1, 2, 4, 8]}",
        "seed: 5",
    ],
)
def test_the_hash_ignores_what_does_not_change_the_results(change):
    changed = parse_recipe(f"{BARE}{change}\n")
    assert recipe_hash(changed) == recipe_hash(parse_recipe(BARE))


@pytest.mark.parametrize(
    "change",
    [
        "sampler: {type: independent, temperature: 0.8}",
        "answers: {equivalence: numeric}",
        "cost: {lambda: 2}",
        "budget: {per_run: {tokens: 5}}",
        "policies: [first]",
        "sampler: {type: independent, prompt: cot}",
    ],
)
def test_the_hash_sees_what_changes_the_results(change):
    changed = parse_recipe(f"{BARE}{change}\n")
    assert recipe_hash(changed) != recipe_hash(parse_recipe(BARE))


def test_run_ids_tell_seeds_apart():
    one, two = (run_id(parse_recipe(f"{BARE}seed: {seed}\n")) for seed in (0, 12))
    assert one.startswith("s0-")
    assert two == "s12-" + one.removeprefix("s0-")
    assert len(one) == len("s0-1f9c2ab4")


def test_files_count_by_content_and_stand_beside_the_recipe(tmp_path, monkeypatch):
    text = "dataset: {type: file, path: d.jsonl}\nsampler: {type: independent, prompt: p.yaml}\n"
    hashes = []
    for folder, prompt in (("a", "A"), ("b", "A"), ("c", "B")):
        here = tmp_path / folder
        here.mkdir()
        (here / "d.jsonl").write_text('{"question": "q", "answer": "1"}\n')
        (here / "p.yaml").write_text(f"text: '{prompt} {{{{ question }}}}'\n")
        (here / "r.yaml").write_text(text)
        hashes.append(recipe_hash(load_recipe(here / "r.yaml")))
    assert hashes[0] == hashes[1] != hashes[2]
    monkeypatch.chdir(tmp_path / "b")
    assert recipe_hash(load_recipe("r.yaml")) == hashes[1]
    (tmp_path / "b" / "d.jsonl").write_text('{"question": "q", "answer": "2"}\n')
    assert recipe_hash(load_recipe("r.yaml")) != hashes[1]


def test_shipped_recipes_load_and_are_described():
    listed = shipped_recipes()
    assert {"quickstart", "sc_vs_genrm"} <= {r.name for r in listed}
    for shipped in listed:
        assert shipped.description
        # In a folder, the folder's name stands in front.
        folder, slash, stem = shipped.name.rpartition("/")
        wanted = f"{folder}-{stem.replace('_', '-')}" if slash else stem
        assert load_recipe(shipped.name).name == wanted
        assert find_recipe(shipped.name).is_file()


def test_the_starter_is_valid_commented_and_runs_on_the_embedded_model():
    recipe = parse_recipe(starter(), "starter.yaml")
    assert recipe.backend.type == recipe.dataset.type == "nano"
    assert starter().count("#") > 10


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("quickstrat", "quickstrat: no such recipe file; did you mean 'quickstart'?"),
        (".", ".: is a folder, not a recipe file"),
        ("no/such.yaml", "no/such.yaml: no such recipe file; shipped recipes: adaptive, "),
        ("\0", "'\\x00': no such recipe file"),
        ("x" * 10_000, "not a file name"),
    ],
)
def test_a_recipe_that_is_not_there(name, why):
    with pytest.raises(RecipeError) as caught:
        load_recipe(name)
    assert why in str(caught.value)


def test_files_that_are_no_text(tmp_path):
    path = tmp_path / "r.yaml"
    path.write_bytes(b"dataset: nano\nname: \xff\n")
    with pytest.raises(RecipeError, match=r"r\.yaml:2: not UTF-8 text"):
        load_recipe(path)
    path.write_bytes(b"#" * 2_000_000)
    with pytest.raises(RecipeError, match="2000000 bytes is too long"):
        load_recipe(path)
    path.write_text("\ufeffdataset: nano\r\n", encoding="utf-8")
    assert load_recipe(path).name == "r"
