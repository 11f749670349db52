"""A solver that judges itself: in whose context it is asked, and how it is read."""

import asyncio
import math

import pytest
from attempts import attempt_of
from pydantic import ValidationError

from ttc.attempt.prefixes import Opening, plain_text
from ttc.core import (
    Capabilities,
    Completion,
    Message,
    ModelIdentity,
    Problem,
    Prompt,
    Sample,
    TokenLogprob,
)
from ttc.errors import UsageError
from ttc.pipeline.run import run_recipe
from ttc.recipe import parse_recipe
from ttc.store.tables import read_frame
from ttc.verifiers.self_verify import SelfVerify

PROBLEM = Problem("p", "1+1?", "2")
RAW = Prompt(text="Problem: 1+1?\nSolution:\n")
CHAT = Prompt(messages=(Message("system", "Be brief."), Message("user", "1+1?")), prefill="So ")
ASK = "Is the answer correct (Yes/No)?"


class Solver:
    """Says Yes to even sample numbers, and remembers what it was asked."""

    capabilities = Capabilities(logprobs=5)
    identity = ModelIdentity("test", "solver")

    def __init__(self):
        self.asked = []

    async def sample(self, prompt, params, n, *, start=0, **_):
        self.asked.append((prompt, params, n))
        return [self._says("No" if i % 2 else "Yes") for i in range(start, start + n)]

    def _says(self, word):
        top = {"Yes": math.log(0.6), "No": math.log(0.3)}
        said = TokenLogprob(word, top[word], top)
        return Completion(f"{ASK} {word}", "stop", 9, 12, logprobs=(said,))


def verify(asked, text="<think>2?</think>It is 2.", **settings):
    solver, part = Solver(), SelfVerify(**{"verifications": 2, **settings})
    attempt = attempt_of(part, PROBLEM, solver)
    attempt._record.number(solver, Opening.of(plain_text(asked)))  # as if it had drawn it
    sample = Sample(0, Completion(text, "stop", 3, 4), asked)
    solution = attempt.solution(text, [sample])
    return asyncio.run(part.verify(attempt, [solution])), solver


def test_the_same_chat_goes_on_behind_the_solution():
    found, solver = verify(CHAT)
    ((prompt, params, n),) = solver.asked
    said = [(m.role, m.content) for m in prompt.messages]
    assert said[:3] == [("system", "Be brief."), ("user", "1+1?"), ("assistant", "So It is 2.")]
    assert said[3][0] == "user"
    assert ASK in said[3][1]
    assert (n, params.temperature, params.logprobs) == (2, 0.7, 5)
    assert [(v.index, v.verdict, v.score) for v in found] == [
        (0, True, pytest.approx(0.6)),
        (1, False, pytest.approx(0.6)),
    ]


def test_the_same_text_goes_on_behind_the_solution():
    _, solver = verify(RAW, text="It is 2.", prompt="nano-self")
    ((prompt, *_),) = solver.asked
    written = (prompt.text or "") + prompt.prefill
    assert written == "Problem: 1+1?\nSolution:\nIt is 2.\nVerification:\n"


def test_a_new_context_shows_question_and_solution():
    _, solver = verify(CHAT, context="new", prompt="genrm-base")
    ((prompt, *_),) = solver.asked
    (turn,) = prompt.messages
    assert "1+1?" in turn.content
    assert "It is 2." in turn.content
    assert "<think>" not in turn.content


def test_scores_are_those_of_genrm():
    found, _ = verify(CHAT, score="binary")
    assert [v.score for v in found] == [1.0, 0.0]
    found, _ = verify(CHAT, score="logprob")
    assert [v.score for v in found] == [pytest.approx(0.6)] * 2


def test_a_prompt_of_another_form_or_without_the_solution_is_refused():
    with pytest.raises(UsageError, match="context, which is a raw text, but its prompt is a chat"):
        verify(RAW)
    with pytest.raises(UsageError, match="context, which is a chat, but its prompt is a raw text"):
        verify(CHAT, prompt="nano-self")
    with pytest.raises(ValidationError, match=r"must show {{ solution }}, as genrm"):
        SelfVerify(context="new")


def test_what_prompts_cost_is_told_for_a_new_context_only():
    assert SelfVerify().templates() == {}
    assert SelfVerify(context="new", prompt="genrm-base").templates() == {"verifier": "genrm-base"}
    assert SelfVerify(verifications=3).most_samples(4) == {"verifier": 12}


RECIPE = """
name: self
dataset: {type: nano, family: arithmetic, levels: [1, 2], problems: 4}
backend: {type: nano, model: nano-solver}
sampler: {type: independent, solutions: 3, temperature: 1.0, max_tokens: 64}
verifiers:
  - {type: self-verify, prompt: nano-self, verifications: 2, max_tokens: 96, BACKEND}
policies: [best_of_n]
results: RESULTS
"""


KEYS = ["problem_id", "solution_index", "correct"]


def run(folder, backend):
    text = RECIPE.replace("BACKEND", backend).replace("RESULTS", str(folder))
    return run_recipe(parse_recipe(text))


def test_a_run_has_verdicts_and_computes_the_solution_once(tmp_path):
    judged = run(tmp_path / "other", "backend: {type: nano, model: nano-roles}")
    table = read_frame(judged.run.verifications, "verifications")
    assert len(table) == 24
    assert table["verdict"].notna().all()
    both = table.merge(read_frame(judged.run.solutions, "solutions")[KEYS])
    mean = both.groupby("correct", observed=True)["score"].mean()
    assert mean[True] > mean[False]
    itself = run(tmp_path / "own", "temperature: 0.7")
    own, other = (one.manifest.ledger["roles"]["verifier"] for one in (itself, judged))
    assert own["samples"] == other["samples"] == 24
    assert own["prompt_tokens"] < other["prompt_tokens"] / 5, "its own text is in its cache"
