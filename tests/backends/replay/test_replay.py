"""A recorded run served as a model."""

from __future__ import annotations

import asyncio
import shutil

import pytest
from pandas.testing import assert_frame_equal

from ttc.backends.replay import Replay
from ttc.backends.replay.client import _verdict
from ttc.core import Backend, Call, Message, Prompt, SamplingParams
from ttc.errors import BackendError, DataError, UsageError
from ttc.pipeline.run import run_recipe
from ttc.recipe import load_recipe
from ttc.store.tables import read_frame
from ttc.verdicts import p_yes_at_verdict

RECIPE = """
name: recorded
dataset: {type: nano, family: arithmetic, levels: [1, 2], problems: 5}
backend: {type: nano, model: nano-solver}
sampler: {type: independent, solutions: 12, temperature: 1.0, max_tokens: 64, logprobs: true}
verifiers:
  - type: genrm
    backend: {type: nano, model: nano-verifier}
    prompt: nano-genrm
    solutions: 3
    verifications: 4
    temperature: 1.0
    max_tokens: 96
policies: [majority, best_of_n]
"""


def run(folder, *overrides: str):
    folder.mkdir(exist_ok=True)
    path = folder / "recorded.yaml"
    path.write_text(RECIPE)
    return run_recipe(load_recipe(path, [f"results={folder / 'results'}", *overrides])).run


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    return run(tmp_path_factory.mktemp("recorded"))


def replayed(folder, recorded, *overrides: str):
    replay = f"{{type: replay, run: {recorded.path}}}"
    return run(folder, f"backend={replay}", f"verifiers.0.backend={replay}", *overrides)


def test_a_replayed_run_equals_the_recorded_one(recorded, tmp_path):
    again = replayed(tmp_path, recorded)
    for table in ("problems", "solutions", "verifications", "curves"):
        old, new = (read_frame(r.table(table), table) for r in (recorded, again))
        # P(Yes) went through a logarithm and back.
        assert_frame_equal(old, new, rtol=1e-12, atol=1e-12)


def test_fewer_samples_are_the_first_ones(recorded, tmp_path):
    again = replayed(tmp_path, recorded, "sampler.solutions=5")
    old, new = (read_frame(r.solutions, "solutions") for r in (recorded, again))
    first = old[old["solution_index"] < 5].reset_index(drop=True)
    assert first["text"].equals(new["text"])


def test_more_samples_than_recorded_are_refused(recorded, tmp_path):
    with pytest.raises(BackendError, match=r"holds 12 samples for problem .*; sample 13 was asked"):
        replayed(tmp_path, recorded, "sampler.solutions=20")


def test_other_problems_are_refused(recorded, tmp_path):
    with pytest.raises(BackendError, match="replay needs the same problems"):
        replayed(tmp_path, recorded, "dataset.levels=[4]")


def using(part: Replay, work):
    async def go(backend: Backend):
        try:
            return await work(backend)
        finally:
            await backend.close()

    return asyncio.run(go(part.open()))


def test_what_ended_a_recorded_sample_is_known_where_nothing_could_stop_it(recorded):
    problem = read_frame(recorded.problems, "problems").iloc[0]

    async def work(backend):
        ask = lambda *stop: Call(Prompt(text=problem["question"]), SamplingParams(stop=stop), (1,))  # noqa: E731
        return [(await backend.complete(ask(*stop)))[0].stopped_by for stop in ((), ("\n",))]

    assert using(Replay(run=recorded.path), work) == ["", None]


def test_it_calls_itself_by_the_recorded_models(recorded):
    solver = using(Replay(run=recorded.path), lambda b: b.identify())
    judge = using(Replay(run=recorded.path, serve="verifications"), lambda b: b.identify())
    assert (solver.backend, solver.model) == ("replay", "nano-solver")
    assert judge.model == "nano-verifier"
    assert solver.facts["parameters"] > 0
    assert len(solver.revision) == 64


def test_other_templates_and_callers_without_indices(recorded):
    problem = read_frame(recorded.problems, "problems").iloc[1]
    rows = read_frame(recorded.solutions, "solutions", problem_id=problem["problem_id"])
    chat = Prompt(messages=(Message("user", f"Please solve this: {problem['question']} Thanks!"),))

    async def work(backend):
        ask = lambda *seeds: backend.complete(Call(chat, SamplingParams(), seeds))  # noqa: E731
        return [*await ask(5, 6), *await ask(7), *await ask(6)]

    texts = [c.text for c in using(Replay(run=recorded.path), work)]
    assert texts == [rows["text"][0], rows["text"][1], rows["text"][2], rows["text"][1]]


def test_what_is_no_run(recorded, tmp_path):
    with pytest.raises(DataError, match=r"no recorded run: it has no problems\.parquet"):
        Replay(run=tmp_path).open()
    broken = tmp_path / "a" / "b"
    shutil.copytree(recorded.path, broken)
    (broken / "solutions.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(DataError, match=r"can't read .*solutions\.parquet"):
        using(Replay(run=broken), lambda b: b.identify())


def test_an_unknown_verifier(recorded):
    part = Replay(run=recorded.path, verifier="prm")
    with pytest.raises(UsageError, match="no verifier 'prm'; it has: genrm"):
        using(part, lambda b: b.identify())


def test_words_behind_a_verdict_do_not_hide_its_probability():
    text = "Is the answer correct (Yes/No)? No. Yes/No was asked."
    row = {"text": text, "verdict": False, "p_yes": 0.25}
    assert p_yes_at_verdict(_verdict(row), text) == pytest.approx(0.25)
    assert p_yes_at_verdict(_verdict({**row, "p_yes": 0.0}), text) == 0.0
    assert _verdict({**row, "text": "I can't say."}) == ()
