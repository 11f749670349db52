"""Parts of other packages: found at validation, nested, with prompts and hashes of their own."""

from typing import ClassVar, Literal

import pytest
from pydantic import Field

from ttc import registry
from ttc.backends import BackendPart
from ttc.errors import UsageError
from ttc.installing import with_extra
from ttc.recipe import parse_recipe, recipe_hash, recipe_schema, resolve
from ttc.recipe.shipped import needs
from ttc.refs import SamplerRef
from ttc.samplers import SamplerPart


class RawOnly(BackendPart):
    """Takes raw prompts only."""

    prompt_forms: ClassVar[frozenset[str]] = frozenset({"raw"})
    incidental: ClassVar[frozenset[str]] = frozenset({"timeout"})
    extra: ClassVar[str | None] = "rawlib"

    type: Literal["raw_only"] = "raw_only"
    timeout: float = 1.0
    """Seconds."""
    size: int = 1
    """Parameters."""


class Twice(SamplerPart):
    """Runs another sampler again."""

    prompt_variables: ClassVar = {"prompt": frozenset({"solution"})}

    type: Literal["twice"] = "twice"
    inner: SamplerRef = Field(default="independent", validate_default=True)
    """The sampler to repeat."""
    prompt: str = "cot"
    """Prompt."""


@pytest.fixture(autouse=True)
def foreign_parts(own_parts):
    own_parts(RawOnly, Twice)


def test_a_chat_prompt_on_a_raw_only_backend_is_refused(complaint):
    text = "dataset: nano\nbackend: raw_only\nsampler: {type: independent, prompt: cot}\n"
    assert complaint(text) == (
        "r.yaml:3: sampler.prompt: 'cot' is a chat prompt, "
        "but the backend 'raw_only' takes raw prompts"
    )
    assert complaint(text.replace("cot", "nano-solver")) == ""


def test_the_verifiers_own_backend_counts_for_its_prompt(complaint):
    text = "dataset: nano\nverifiers:\n- type: genrm\n  prompt: genrm-base\n  backend: raw_only\n"
    assert complaint(text) == (
        "r.yaml:4: verifiers[0].prompt: 'genrm-base' is a chat prompt, "
        "but the backend 'raw_only' takes raw prompts"
    )


def test_the_datasets_own_prompt_is_checked_too(complaint):
    told = complaint("dataset: {type: file, path: pyproject.toml}\nbackend: raw_only\n")
    assert "sampler.prompt: 'cot' is a chat prompt" in told


def test_a_part_may_hold_a_part_of_its_own_kind(complaint):
    text = "dataset: nano\nsampler:\n  type: twice\n  inner: {type: twice, inner: independent}\n"
    recipe = parse_recipe(text)
    assert recipe.sampler.inner.inner.type == "independent"
    assert parse_recipe(text.replace("inner: independent", "prompt: cot")) == recipe
    assert resolve(recipe)["sampler"]["inner"]["inner"]["solutions"] == 16
    told = complaint(text.replace("inner: independent", "inner: {type: independent, top_q: 1}"))
    assert told == "r.yaml:4: sampler.inner.inner.top_q: unknown key; did you mean 'top_p'?"


def test_a_method_may_offer_further_prompt_variables(complaint):
    text = "dataset: nano\nsampler: {type: TYPE, prompt: genrm-ft}\n"
    assert complaint(text.replace("TYPE", "twice")) == ""
    assert "uses {{ solution }}" in complaint(text.replace("TYPE", "independent"))


def test_what_a_backend_calls_incidental_does_not_change_the_hash():
    def made(backend):
        return recipe_hash(parse_recipe(f"dataset: nano\nbackend: {backend}\n"))

    assert made("{type: raw_only, timeout: 5}") == made("raw_only")
    assert made("{type: raw_only, size: 5}") != made("raw_only")


def test_the_schema_holds_foreign_parts_and_ends():
    schema = recipe_schema()
    assert {"const": "twice", "description": "Runs another sampler again."} in (
        schema["$defs"]["sampler"]["oneOf"]
    )
    assert schema["$defs"]["Twice"]["properties"]["inner"]["$ref"] == "#/$defs/sampler"


def test_extras_that_a_recipe_needs_are_told():
    assert needs(parse_recipe("dataset: nano\n")) == ""
    assert needs(parse_recipe("dataset: nano\nbackend: raw_only\n")) == with_extra("rawlib")


def test_a_plug_in_that_breaks_is_named(monkeypatch):
    class Broken:
        name = "mine"

        def load(self):
            raise ImportError("no module x")

    monkeypatch.setattr(registry, "entry_points", lambda group: [Broken()])
    with pytest.raises(UsageError, match="plug-in 'mine' can't be loaded: ImportError: no module"):
        registry._load_plugins.__wrapped__()


def test_importing_recipes_is_light():
    import subprocess
    import sys

    code = "import sys, ttc.recipe; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    heavy = {"numpy", "pandas", "pyarrow", "scipy", "sympy", "matplotlib", "openai", "litellm"}
    assert "pydantic" in loaded.split()
    assert heavy.isdisjoint(loaded.split())
