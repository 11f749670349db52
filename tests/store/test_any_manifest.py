"""Whatever stands in a run's files: commands work, or say one sentence."""

import copy
import json
from contextlib import chdir, suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from ttc.core import Completion, TokenLogprob
from ttc.engine.codec import Damaged, pack, unpack
from ttc.errors import TtcError
from ttc.pipeline.run import run_recipe
from ttc.recipe import parse_recipe

RECIPE = """
name: odd
dataset: {type: nano, family: arithmetic, levels: [1], problems: 2}
backend: {type: nano, model: nano-solver}
sampler: {type: independent, solutions: 2, temperature: 1.0, max_tokens: 32}
policies: [first, majority]
budget: {per_problem: {tokens: [100, 1000]}}
"""
_NUMBERS = [-1, 0, 1.5, float("nan"), float("inf"), 10**400, 10**30]
_TEXTS = ["", "x", "\x00", "\ud800", "[/red]", "2024-01-01T00:00:00"]
ODD = st.sampled_from(
    [None, True, *_NUMBERS, *_TEXTS, [], [1], [None], {}, {"a": 1}, {"": None}, [[]]]
)
CONTENTS = [
    *(b"", b"{", b"\xff\xfe", b"[" * 100_000, b"null", b"{}", b"1e999"),
    b'{"time": 5, "level": [], "event": {}, "message": null}\n{"time": "x", "try": {}}',
]
COMMANDS = (
    ["show", "odd"],
    ["status", "odd"],
    ["curves", "odd", "--policy", "first", "--k", "1"],
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("odd")
    made = run_recipe(parse_recipe(RECIPE, "r.yaml", [f"results={folder / 'results'}"])).run
    return made, {n: (made.path / n).read_text() for n in ("manifest.json", "status.json")}


def places(value, path=()):
    yield path
    inside = value.items() if isinstance(value, dict) else ()
    inside = enumerate(value) if isinstance(value, list) else inside
    for key, inner in inside:
        yield from places(inner, (*path, key))


def put(value, path, odd):
    if not path:
        return odd
    at = value
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = odd
    return value


def commands_survive(folder):
    from ttc.cli._app import app

    with chdir(folder):
        for words in COMMANDS:
            error = CliRunner().invoke(app, words).exception
            assert error is None or isinstance(error, SystemExit | TtcError), (words, error)


@pytest.mark.slow
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_values_of_other_kinds_work_or_give_a_sentence(run, data):
    made, files = run
    name = data.draw(st.sampled_from(sorted(files)))
    content = json.loads(files[name])
    place = data.draw(st.sampled_from(list(places(content))))
    for each, text in files.items():
        (made.path / each).write_text(text)
    odd = copy.deepcopy(data.draw(ODD))
    with suppress(ValueError):  # a whole number that Python does not write
        (made.path / name).write_text(json.dumps(put(content, place, odd)))
    commands_survive(made.path.parents[2])


@pytest.mark.parametrize("key", ["evaluation", "ledger", "timing", "roles", "grid", "versions"])
def test_parts_that_hold_nothing_that_is_expected_of_them_do_no_harm(run, key):
    made, files = run
    for each, text in files.items():
        (made.path / each).write_text(text)
    odd = json.loads(files["manifest.json"]) | {key: {"a": 1}}
    (made.path / "manifest.json").write_text(json.dumps(odd))
    commands_survive(made.path.parents[2])


@pytest.mark.slow
@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("name", ["manifest.json", "status.json", "log.jsonl", "fit.json"])
def test_files_of_other_kinds_work_or_give_a_sentence(run, name, content):
    made, files = run
    for each, text in files.items():
        (made.path / each).write_text(text)
    (made.path / name).write_bytes(content)
    commands_survive(made.path.parents[2])
    if name in files:
        (made.path / name).write_text(files[name])


SAMPLE = Completion("t", "stop", 1, 2, -0.5, (TokenLogprob("t", -0.5, {"t": -0.5}),))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_rows_of_other_kinds_count_as_absent(data):
    import zlib

    content = json.loads(zlib.decompress(pack(SAMPLE)))
    place = data.draw(st.sampled_from(list(places(content))))
    odd = copy.deepcopy(data.draw(ODD))
    try:
        text = json.dumps(put(content, place, odd))
    except ValueError:
        return
    try:
        found = unpack(zlib.compress(text.encode()))
    except Damaged:
        return
    assert isinstance(found.text + found.finish_reason + found.error, str)
    assert found.prompt_tokens + found.completion_tokens >= 0
    assert unpack(pack(found)) == found


def test_a_sound_row_is_read_and_a_deep_one_is_damaged():
    import zlib

    assert unpack(pack(SAMPLE)) == SAMPLE
    for payload in (b"", b"x", "text", None, 5, zlib.compress(b"[" * 100_000)):
        with pytest.raises(Damaged):
            unpack(payload)
