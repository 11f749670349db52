"""Prompts and files that any part names, however deep it stands: found, checked, told by key."""

import json
import re
from pathlib import Path
from typing import Literal, get_args

import pytest

from ttc.backends.nano import Nano
from ttc.backends.openai import OpenAI
from ttc.datasets import DatasetPart
from ttc.errors import RecipeError
from ttc.faults import dotted
from ttc.named_files import file_named_by, is_prompt_key
from ttc.prompts import load_prompt
from ttc.recipe import load_recipe, parse_recipe, recipe_hash, resolve, shipped_recipes
from ttc.refs import DatasetRef
from ttc.registry import FOLDERS, parts

SHIPPED = pytest.mark.parametrize("shipped", shipped_recipes(), ids=lambda one: one.name)


def prompts_of(recipe):
    """The place of every prompt that a recipe names, its defaults included, and the prompt."""
    for at, part, _ in recipe.methods():
        for field in filter(is_prompt_key, type(part).model_fields):
            name = getattr(part, field)
            if part.kind == "sampler" and field == "prompt":
                name = name or recipe.dataset.default_prompt
            if name:
                yield (*at, field), name


def changed(recipe, at, value):
    """The recipe written out in full, as JSON, with another value at one place."""
    data = resolve(recipe)
    place = data
    for step in at[:-1]:
        place = place[step]
    place[at[-1]] = value
    return json.dumps(data)


def told(text, path="r.yaml"):
    with pytest.raises(RecipeError) as error:
        parse_recipe(text, path)
    return str(error.value)


def written(folder, template, **more):
    """A template as a file."""
    data = json.loads(template.model_dump_json(exclude_defaults=True)) | more
    (folder / "beside.yaml").write_text(json.dumps(data))
    return "beside.yaml"


@SHIPPED
def test_every_prompt_is_looked_up_before_the_first_call(shipped):
    recipe = load_recipe(shipped.path)
    places = list(prompts_of(recipe))
    assert places
    for at, _ in places:
        assert f"{dotted(at)}: no prompt is called 'nope'" in told(changed(recipe, at, "nope"))


@SHIPPED
def test_every_prompt_has_only_the_variables_that_its_method_offers(shipped, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recipe = load_recipe(shipped.path)
    for at, name in prompts_of(recipe):
        template = load_prompt(name)
        if template.text is None:
            first = {"role": "system", "content": "{{ nonsense }}"}
            rest = [turn.model_dump() for turn in template.messages]
            file = written(tmp_path, template, messages=[first, *rest])
        else:
            file = written(tmp_path, template, text=template.text + "{{ nonsense }}")
        said = told(changed(recipe, at, file))
        assert f"{dotted(at)}: the prompt 'beside.yaml' uses {{{{ nonsense }}}}" in said


@SHIPPED
def test_every_prompt_has_a_form_that_the_model_behind_it_takes(shipped, monkeypatch):
    """Of servers and embedded models that took the other form alone, each prompt is refused."""
    recipe = load_recipe(shipped.path)
    if not {type(one) for one in recipe.backends()} <= {Nano, OpenAI}:
        pytest.skip("another kind of model")
    for form in ("chat", "raw"):
        for kind in (Nano, OpenAI):
            monkeypatch.setattr(kind, "prompt_forms", frozenset({form}), raising=False)
        wrong = [at for at, n in prompts_of(recipe) if load_prompt(n).is_chat != (form == "chat")]
        if wrong:
            said = told(json.dumps(resolve(recipe)))
            for at in wrong:
                assert re.search(rf"{re.escape(dotted(at))}: .* takes {form} prompts", said), at


@SHIPPED
def test_every_prompt_is_found_beside_the_recipe_and_counts_by_what_it_holds(
    shipped, tmp_path, monkeypatch
):
    (tmp_path / "elsewhere").mkdir()
    recipe = load_recipe(shipped.path)
    monkeypatch.chdir(tmp_path / "elsewhere")
    if getattr(recipe.dataset, "path", None):
        pytest.skip("its problems are in a file that is found from the recipe's own folder")
    for at, name in prompts_of(recipe):
        file = written(tmp_path, load_prompt(name))
        found = parse_recipe(changed(recipe, at, file), tmp_path / "r.yaml")
        assert dict(prompts_of(found))[at] == str(tmp_path / "beside.yaml")
        assert recipe_hash(found) == recipe_hash(parse_recipe(changed(recipe, at, name)))
    assert recipe_hash(parse_recipe(json.dumps(resolve(recipe)))) == recipe_hash(recipe)


GENRM = "{type: genrm, prompt: nano-genrm, backend: {type: nano, model: nano-verifier}}"
CHAT = "{type: openai, model: m, base_url: 'http://localhost:1/v1', raw: false}"
RECIPE = """
name: r
dataset: {{type: nano, levels: [1], problems: 2}}
backend: {{type: nano, model: nano-solver}}
sampler: {sampler}
policies: [first]
"""


@pytest.mark.parametrize(
    ("sampler", "at"),
    [
        (
            f"{{type: refine, critic: {GENRM}, revise_prompt: nano-revise, reviser: CHAT}}",
            "sampler.revise_prompt",
        ),
        (
            f"{{type: ab-mcts, critic: {GENRM}, revise_prompt: nano-revise, reviser: CHAT}}",
            "sampler.revise_prompt",
        ),
        (
            f"{{type: proof-pool, critic: {GENRM}, revise_prompt: nano-revise, reviser: CHAT}}",
            "sampler.revise_prompt",
        ),
        (
            "{type: genselect, select_prompt: nano-pairwise, at_once: 2, selector: CHAT}",
            "sampler.select_prompt",
        ),
        (
            "{type: mixture, draws: [{prompt: nano-solver}, {prompt: cot}], "
            "backends: [CHAT, {type: nano}]}",
            "sampler.draws[0].prompt",
        ),
        ("{type: mixture, draws: [{prompt: nano-solver}], backends: [CHAT]}", "sampler.draws[0]"),
        (
            "{type: mixture, draws: [{prompt: nano-solver}], backends: [{type: nano}, CHAT]}",
            "sampler.draws[0].prompt",
        ),
        (
            "{type: mixture, draws: [{prompt: nano-solver}, {prompt: cot}], backends: [CHAT]}",
            "sampler.draws[0].prompt",
        ),
    ],
)
def test_a_prompt_is_checked_against_the_model_that_gets_it(sampler, at):
    text = RECIPE.format(sampler=sampler.replace("CHAT", CHAT))
    said = told(text)
    assert f"{at}" in said
    assert "is a raw prompt, but the backend 'openai' takes chat prompts" in said
    assert "draws[1]" not in said
    parse_recipe(text.replace(CHAT, "{type: nano, model: nano-solver}"))


def test_what_a_model_that_is_not_asked_lacks_is_no_fault():
    """Ways with models of their own do not ask the recipe's."""
    mute = CHAT.replace("raw: false", "max_logprobs: 0")
    one = "{prompt: nano-solver, logprobs: true}"
    text = RECIPE.format(sampler=f"{{type: mixture, draws: [{one}], backends: [{{type: nano}}]}}")
    text = text.replace("{type: nano, model: nano-solver}", mute)
    parse_recipe(text)
    assert "logprobs" in told(text.replace("backends: [{type: nano}]", f"backends: [{mute}]"))


@pytest.mark.parametrize(
    ("sampler", "at"),
    [
        ("{type: spoc, verify_prompt: self-verify, again_prompt: nano-again}", "verify_prompt"),
        ("{type: spoc, verify_prompt: nano-self, again_prompt: spoc-again}", "again_prompt"),
        ("{type: spoc, verify_prompt: nano-self, again_prompt: nano-again, prompt: cot}", "prompt"),
    ],
)
def test_turns_of_one_context_have_one_form(sampler, at):
    said = told(RECIPE.format(sampler=sampler))
    assert re.search(rf"sampler\.\w*{at}: .* and goes on in the context of", said)


@pytest.mark.parametrize(
    "sampler",
    [
        "{type: independent, solutions: 2}",
        "{type: adaptive, rule: esc, draw: {solutions: 2}}",
        "{type: mixture, draws: [{prompt: nano-solver}, {prompt: cot}]}",
    ],
)
def test_who_goes_on_in_the_solver_s_context_has_its_form(sampler):
    text = RECIPE.format(sampler=sampler) + "verifiers: [{type: self-verify}]\n"
    said = told(text)
    assert "verifiers[0].prompt: 'self-verify' is a chat prompt and goes on in the context" in said
    if "cot" not in sampler:
        parse_recipe(text.replace("self-verify}", "self-verify, prompt: nano-self}"))


def test_ways_to_ask_inside_a_method_that_goes_on_need_a_model_that_does():
    sampler = "{type: deepconf, draw: {prompt: cot}}"
    served = "{type: openai, model: m, base_url: 'http://localhost:1/v1', max_logprobs: 20}"
    text = RECIPE.format(sampler=sampler).replace("{type: nano, model: nano-solver}", served)
    assert "sampler.draw.prompt: it goes on from begun answers" in told(text)
    parse_recipe(text.replace("cot", "nano-solver"))


class Some(DatasetPart):
    """Problems of another dataset."""

    type: Literal["some"] = "some"
    of: DatasetRef


ROUTER = '{"intercept": 0.5, "weights": {"reward": -1.0}}'
SPECULATE = (
    "{type: speculate, rule: router, router: FILE, draft: {type: nano, model: nano-draft}, "
    "prm: {type: nano, model: nano-prm}, prm_prompt: nano-solver, steps: line}"
)
BOTH = "{type: ensemble, tuned: FILE, verifiers: [A, {type: self-verify, prompt: nano-self}]}"


@pytest.mark.parametrize(
    "text",
    [
        "dataset: {type: file, path: FILE, columns: {question: q, answer: a}}",
        "dataset: {type: some, of: {type: some, of: {type: file, path: FILE}}}",
        f"sampler: {SPECULATE}",
        "sampler: {type: adaptive, rule: {type: selective, tuned: FILE}}",
        "policies: [{type: best_of_n, tuned: FILE}]\nverifiers: [A]",
        f"verifiers: [{BOTH}]",
        f"sampler: {{type: refine, critic: {BOTH}}}",
        "backend: {type: replay, run: FOLDER}",
        "sampler: {type: genselect, select_prompt: nano-pairwise, at_once: 2, "
        "selector: {type: llama-cpp, model: FILE}}",
        "verifiers: [{type: genrm, prompt: nano-genrm, backend: {type: transformers, "
        "model: FOLDER}}]",
        "verifiers: [{type: genrm, prompt: nano-genrm, backend: {type: vllm, model: FOLDER}}]",
    ],
)
def test_files_are_found_beside_the_recipe_at_any_depth(text, own_parts, tmp_path, monkeypatch):
    own_parts(Some)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    (tmp_path / "beside.jsonl").write_text(ROUTER if "router" in text else '{"q": "1", "a": "1"}\n')
    (tmp_path / "weights").mkdir()
    text = text.replace("[A", f"[{GENRM}")
    text = f"name: r\n{text}\n" + ("" if "dataset" in text else "dataset: nano\n")
    text = text.replace("FILE", "beside.jsonl").replace("FOLDER", "weights")
    found = json.dumps(resolve(parse_recipe(text, tmp_path / "r.yaml")))
    there = tmp_path / ("weights" if "weights" in text and "router" not in text else "beside.jsonl")
    assert str(there) in found or '"intercept": 0.5' in found
    if "FILE" in text and "router" not in text and "llama" not in text:
        there.unlink()
        assert "no such file: beside.jsonl (looked beside the recipe" in told(text, tmp_path / "r")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("dataset: {type: some, of: {type: file, path: nope}}", "dataset.of.path"),
        (
            "dataset: nano\nsampler: {type: adaptive, rule: {type: selective, tuned: nope}}",
            "sampler.rule.tuned",
        ),
        ("dataset: nano\npolicies: [{type: majority, tuned: nope}]", "policies[0].tuned"),
    ],
)
def test_a_file_that_is_nowhere_is_told_by_its_key(text, at, own_parts):
    own_parts(Some)
    assert f"{at}: no such file: nope (looked beside the recipe" in told(text)


def test_fields_of_paths_are_marked():
    """So that no new part's file is found from the working folder alone."""
    for kind in FOLDERS:
        for name, cls in parts(kind).items():
            for key, info in cls.model_fields.items():
                if Path in (info.annotation, *get_args(info.annotation)):
                    assert file_named_by(cls, key, info), f"{kind} {name}: {key}"
