import copy
import json

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, BeforeValidator, ValidationError
from pydantic_core import PydanticUndefined

from ttc.recipe import (
    Recipe,
    load_recipe,
    parse_recipe,
    recipe_schema,
    resolve,
    shipped_recipes,
    starter,
)
from ttc.registry import FOLDERS, parts


@pytest.fixture(scope="module")
def schema():
    return recipe_schema()


def _inside(value):
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _inside(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _inside(inner)


def test_it_is_json_and_every_reference_leads_somewhere(schema):
    assert json.loads(json.dumps(schema)) == schema
    for node in _inside(schema):
        if isinstance(node.get("$ref"), str):
            assert node["$ref"].removeprefix("#/$defs/") in schema["$defs"]
        assert "x-ttc-part" not in node


def test_every_key_of_the_recipe_is_described(schema):
    assert set(schema["properties"]) == set(Recipe.model_fields)
    assert all(field.get("description") for field in schema["properties"].values())
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["dataset"]


@pytest.mark.parametrize("kind", FOLDERS)
def test_every_registered_part_can_be_completed(schema, kind):
    forms = schema["$defs"][kind]["oneOf"]
    named = {
        schema["$defs"][form["$ref"].rpartition("/")[2]]["properties"]["type"]["const"]
        for form in forms
        if "$ref" in form
    }
    assert named == set(parts(kind))


def test_fields_of_parts_are_described(schema):
    undescribed = {
        f"{kind}.{name}.{key}"
        for kind in FOLDERS
        for name, cls in parts(kind).items()
        for key, info in cls.model_fields.items()
        if key != "type" and not info.description
    }
    assert undescribed == set()


@pytest.fixture(scope="module")
def validator(schema):
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("shipped", shipped_recipes(), ids=lambda r: r.name)
def test_shipped_recipes_fit_the_schema(validator, shipped):
    validator.validate(yaml.safe_load(shipped.path.read_text(encoding="utf-8")))


def test_the_starter_fits_in_short_and_written_out(validator):
    validator.validate(yaml.safe_load(starter()))
    validator.validate(resolve(parse_recipe(starter())))


@pytest.mark.parametrize(
    "change",
    [
        {"sampler": {"type": "independent", "temprature": 1}},
        {"sampler": {"temperature": 1}},
        {"sampler": "indepedent"},
        {"backend": "openai"},
        {"policies": "first"},
        {"policies": []},
        {"grid": {"solutions": "powers"}},
        {"dataset": {"type": "nano", "family": "arithmetics"}},
        {"answers": {"equivalence": "maths"}},
        {"seeed": 1},
    ],
)
def test_mistakes_do_not_fit(validator, change):
    assert validator.is_valid({"dataset": "nano"})
    assert not validator.is_valid({"dataset": "nano"} | change)


def places(value, at=()):
    """The key paths of all that is inside."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*at, key)
            yield from places(inner, (*at, key))


def value_at(data, at):
    for step in at:
        data = data[step]
    return data


def changed(data, at, *value):
    """A copy with another value at a place, or with none."""
    data = copy.deepcopy(data)
    place = value_at(data, at[:-1])
    if value:
        place[at[-1]] = value[0]
    else:
        del place[at[-1]]
    return data


def is_loaded(data):
    """Whether the loader takes it, checks across parts apart, which no schema can make."""
    try:
        Recipe.model_validate(copy.deepcopy(data))
    except ValidationError:
        return False
    return True


def plain(shipped):
    data = yaml.safe_load(shipped.path.read_text(encoding="utf-8"))
    return {"name": "x"} | {k: v for k, v in data.items() if not k.startswith("x-")}


@pytest.mark.slow
@pytest.mark.parametrize("shipped", shipped_recipes(), ids=lambda r: r.name)
def test_what_may_be_left_out_may_be_left_out_for_editors_too(validator, shipped):
    """Whatever single key of a recipe is missing, schema and loader say the same of the rest."""
    data = plain(shipped)
    for at in places(data):
        if isinstance(at[-1], str):
            fewer = changed(data, at)
            if is_loaded(fewer):
                validator.validate(fewer)
            elif at[-1] == "type":
                assert not validator.is_valid(fewer), at


RESOLVED = [resolve(load_recipe(one.path)) for one in shipped_recipes()]


@given(st.sampled_from(RESOLVED), st.data())
def test_what_the_loader_takes_fits_the_schema(validator, data, draw):
    """A value of another kind at any place, or one key less; numbers for true and false apart,
    which the loader reads as these.
    """
    flags = [at for at in places(data) if isinstance(value_at(data, at), bool)]
    at = draw.draw(st.sampled_from([at for at in places(data) if at not in flags]))
    others = [(), (None,), ("majority",), ("genrm",), ("nano",), (2,), (0.5,), ([3, 1],), ({},)]
    other = changed(data, at, *draw.draw(st.sampled_from(others)))
    if is_loaded(other):
        validator.validate(other)


@pytest.mark.parametrize(
    "text",
    [
        "answers: {extract: boxed}",
        "answers: {extract: {regex: '= (.*)'}}",
        "answers: {extract: [boxed, {regex: '= (.*)'}], tolerance: 0.01}",
        "answers: {tolerance: {relative: 0.01}}",
        "sampler: {type: adaptive, rule: esc, draw: {max_tokens: 9}}",
        "sampler: {type: mixture, draws: [{prompt: cot}, {type: independent}]}",
        "sampler: {type: contested, critic: {type: genrm, verifications: 1}, draw: {solutions: 3}}",
        "sampler: {type: speculate, draft: nano, prm: nano, router: router.json}",
        "sampler: {type: speculate, draft: nano, prm: nano, router: {weights: {reward: 1}}}",
        "grid: {solutions: [4, 2]}",
        "verifiers: [{type: meta, verifier: {type: genrm, score: boxed}}]",
    ],
)
def test_short_forms_are_known_to_both(validator, text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "router.json").write_text('{"weights": {"reward": 1}}')
    data = {"name": "x", "dataset": "nano"} | yaml.safe_load(text)
    assert is_loaded(data)
    validator.validate(data)


@pytest.mark.parametrize(
    "change",
    [
        {"answers": None},
        {"answers": {"extract": []}},
        {"sampler": {"type": "adaptive", "rule": "esc", "draw": {"type": "beam"}}},
        {"sampler": {"type": "adaptive", "rule": {}}},
        {"verifiers": [{"verifications": 2}]},
    ],
)
def test_mistakes_are_mistakes_for_both(validator, change):
    data = {"name": "x", "dataset": "nano"} | change
    assert not is_loaded(data)
    assert not validator.is_valid(data)


def models_inside(hint):
    """Models of a field's type, unions, lists and mappings unfolded."""
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        yield hint
    for inner in getattr(hint, "__args__", ()):
        yield from models_inside(inner)


def test_values_that_are_read_in_a_way_of_their_own_say_in_the_schema_which():
    pending = [Recipe, *(cls for kind in FOLDERS for cls in parts(kind).values())]
    for model in pending:
        for name, info in model.model_fields.items():
            for note in info.metadata:
                if isinstance(note, BeforeValidator):
                    told = note.json_schema_input_type
                    assert told is not PydanticUndefined, f"{model.__name__}.{name}"
            pending += [one for one in models_inside(info.annotation) if one not in pending]
