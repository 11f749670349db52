"""Values that nobody can mean: one sentence each, and templates have the guards of recipes."""

import contextlib
from itertools import pairwise

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from processes import ttc

from ttc.cli._options import recipe_overrides
from ttc.cli._typed import secrets_typed
from ttc.errors import RecipeError, UsageError
from ttc.prompts import load_prompt
from ttc.recipe import load_recipe, parse_recipe
from ttc.recipe.identity import run_id

BASE = """
name: b
dataset: {type: nano, family: arithmetic, levels: [1], problems: 2}
backend: {type: nano, model: nano-solver}
sampler: {type: independent, solutions: 2, max_tokens: 16}
verifiers: [{type: genrm, prompt: nano-genrm, verifications: 1, backend: nano}]
policies: [majority]
"""
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join(['*' + old] * 9)}]\n" for old, new in pairwise("abcdefghi")
)
PLACES = [
    *("seed", "name", "description", "results", "dataset", "backend", "policies", "verifiers"),
    *("sampler", "answers", "grid", "budget", "cost", "engine", "grid.solutions"),
    *("dataset.problems", "dataset.seed", "dataset.levels", "dataset.family", "backend.model"),
    *("sampler.solutions", "sampler.max_tokens", "sampler.temperature", "sampler.top_p"),
    *("sampler.top_k", "sampler.prompt", "verifiers.0.verifications", "verifiers.0.prompt"),
    *("verifiers.0.max_tokens", "verifiers.0.name", "cost.lambda", "cost.parameters"),
    *("budget.per_run.tokens", "budget.per_run.seconds", "budget.per_problem.usd"),
    *("engine.concurrency", "engine.finish_s", "engine.timeout_s", "answers.extract"),
    *("answers.equivalence", "policies.0", "grid.verifications", "cost.prices", "cost.models"),
]


@pytest.mark.parametrize(
    ("override", "why"),
    [
        ("cost.lambda=-1", "cost.lambda: must be 'measured' or at least 0, not -1"),
        ("cost.lambda=.nan", "'.nan' is not a finite number"),
        (f"sampler.solutions={'9' * 39}", "sampler.solutions: must be at most 1000000"),
        (f"sampler.solutions={'9' * 5000}", "is not a finite number"),
        ("sampler.solutions=100000000000", "sampler.solutions: must be at most 1000000"),
        (f"sampler.max_tokens={10**30}", "sampler.max_tokens: must be at most 100000000"),
        ("sampler.temperature=-1", "sampler.temperature: must be at least 0"),
        ("sampler.temperature=1e308", "sampler.temperature: "),
        (f"seed={2**64}", "seed: must be below"),
        (f"dataset.seed={2**64}", "dataset.seed: must be below"),
        ('results="a\\0b"', "results: a text with a NUL character"),
        ('sampler.prompt="a\\0b"', "sampler.prompt: a text with a NUL character"),
        ('dataset={type: file, path: "a\\0b"}', "dataset.path: a text with a NUL character"),
        ("dataset={type: file, path: /dev/zero}", "dataset.path: no such file"),
        (f"sampler.prompt={'x' * 10_000}", "sampler.prompt: no prompt is called"),
        (f"dataset={{type: file, path: {'x' * 10_000}}}", "dataset.path: no such file"),
        (f"grid.solutions={'[' * 1000}1{']' * 1000}", "nested too deeply"),
        ("a." * 1000 + "b=1", "nested too deeply"),
        ("seed=!!python/object/apply:os.system [x]", "tag"),
        ("seed=!!binary aGk=", "tag"),
        ("seed=!!set {1, 2}", "tag"),
        ("description=\ta", "description"),
    ],
)
def test_one_sentence_each(override, why):
    with pytest.raises(RecipeError) as caught:
        parse_recipe(BASE, "r.yaml", [override])
    said = str(caught.value)
    assert why in said
    assert "\n" not in said
    assert len(said) < 500


_NUMBERS = st.integers() | st.floats() | st.sampled_from([10**30, -(10**39), 2**63, 2**64, 1e308])
_TEXTS = st.text(max_size=12) | st.sampled_from(
    ["\0", "..", "../x", "/", "~", "a/b", "x" * 10_000, "\ud800", "\x1b[31m", "nan", "NO", "1:30"]
)
_LEAVES = st.none() | st.booleans() | _NUMBERS | _TEXTS | st.dates() | st.binary(max_size=5)
_VALUES = st.recursive(
    _LEAVES,
    lambda i: st.lists(i, max_size=3) | st.dictionaries(_TEXTS, i, max_size=3),
    max_leaves=6,
)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", ["x" * 100_000, "x." * 50_000, "x-" * 50_000, "é" * 100_000])
def test_a_long_value_is_told_in_no_time(text):
    """The search for secrets in it was quadratic: minutes."""
    with pytest.raises(RecipeError, match="no prompt is called"):
        parse_recipe(BASE, "r.yaml", [f"sampler.prompt={text}"])
    assert secrets_typed(["--set", text]) == set()


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(PLACES), _VALUES)
def test_any_value_at_any_key_is_taken_or_told(place, value):
    with contextlib.suppress(RecipeError):
        text = yaml.dump(value, default_flow_style=True, width=10**6, allow_unicode=False)
        recipe = parse_recipe(BASE, "r.yaml", [f"{place}={text}"])
        assert run_id(recipe)


def test_a_template_that_writes_itself_out_is_refused(tmp_path):
    path = tmp_path / "bomb.yaml"
    path.write_text(BOMB + "text: *i\n")
    assert len(path.read_text()) < 400
    with pytest.raises(UsageError, match="more than 20000 values"):
        load_prompt(str(path))
    (tmp_path / "r.yaml").write_text(BASE)
    with pytest.raises(RecipeError, match=r"sampler\.prompt"):
        load_recipe(tmp_path / "r.yaml", [f"sampler.prompt={path}"])


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"text: &a [*a]", "an anchor that contains itself"),
        (b"[" * 5000, "nested too deeply|not valid YAML"),
        (b"text: !!python/name:os.system x", "tag"),
        (b"text: a\ntext: b", "stands twice"),
        ("text: a".encode("utf-16"), "not UTF-8 text"),
        (b"text:\n\t- a", "a tab"),
        (b"", "the prompt template is empty"),
        (b"- a", "not a prompt template"),
        (b"text: 2024-01-01\nstop: 5", "stop"),
        (b"text: \x00", "does not allow"),
    ],
)
def test_templates_are_read_with_the_guards_of_recipes(tmp_path, content, why):
    path = tmp_path / "t.yaml"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=why) as caught:
        load_prompt(str(path))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_template_may_begin_with_a_byte_order_mark_and_be_long(tmp_path):
    path = tmp_path / "t.yaml"
    path.write_text("\ufefftext: " + "many shots " * 100_000)
    assert load_prompt(str(path)).text.startswith("many")


def test_no_name_of_a_prompt_is_a_crash():
    for name in ("a\0b", "x" * 10_000, "..", "/", "", "~"):
        with pytest.raises(UsageError):
            load_prompt(name)


def test_a_results_folder_is_a_path_and_no_yaml(tmp_path):
    for name in ("5", "~x", "null", "a # b", "[x]", "é: y", 'quo"te'):
        recipe = parse_recipe(BASE, "r.yaml", recipe_overrides(None, name))
        assert recipe.results == name
    assert not parse_recipe(BASE, "r.yaml", ["results=~/x"]).results.startswith("~")
    (tmp_path / "r.yaml").write_text(BASE.replace("verifiers", "x-verifiers"))
    done = ttc(tmp_path, "run", "r.yaml", "-q", "--results", "~odd/a:b")
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "~odd" / "a:b").glob("*/*/curves.parquet"))
