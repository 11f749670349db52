"""Fingerprints tell models apart, and only models."""

from __future__ import annotations

import asyncio
import json
import math

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import answering

from ttc.backends.nano import Nano
from ttc.backends.openai import OpenAI
from ttc.core import Capabilities, Completion, TokenLogprob
from ttc.errors import BackendError, CallFailed, RetryableError
from ttc.fingerprint import PROMPTS, Fingerprint, changed, distance, take_fingerprint


def of(backend) -> Fingerprint:
    async def run():
        try:
            return await take_fingerprint(backend.capabilities, backend.complete)
        finally:
            await backend.close()

    return asyncio.run(run())


@pytest.fixture(scope="module")
def solver() -> Fingerprint:
    return of(Nano(model="nano-solver").open())


def moved(found: Fingerprint, nats: float) -> Fingerprint:
    tops = {p: {t: v + nats for t, v in top.items()} for p, top in found.tops.items()}
    return Fingerprint(found.chat, tops)


@pytest.mark.parametrize("other", ["nano-draft", "nano-verifier", "nano-prm"])
def test_models_are_told_apart(solver, other):
    found = of(Nano(model=other).open())
    assert distance(solver, found) > 2
    assert "another model" in changed(solver, found)
    assert found.digest != solver.digest


def test_a_model_is_itself(solver):
    again = of(Nano(model="nano-solver").open())
    assert changed(solver, again) is None
    assert solver.digest == again.digest
    kept = Fingerprint.from_dict(json.loads(json.dumps(solver.as_dict())))
    assert distance(kept, solver) == 0


@pytest.mark.parametrize(("nats", "words"), [(0.1, None), (-0.3, "quantisation"), (2, "another")])
def test_noise_is_no_change_and_quantisation_a_small_one(solver, nats, words):
    said = changed(solver, moved(solver, nats))
    assert said is None if words is None else words in said


def test_fingerprints_of_other_routes_or_prompts_are_not_compared(solver):
    other = {f"{p}!": top for p, top in solver.tops.items()}
    for unlike in (Fingerprint(True, solver.tops), Fingerprint(False, other)):
        assert distance(solver, unlike) is None
        assert changed(solver, unlike) is None


def test_unlikely_tokens_do_not_count_and_likely_ones_that_vanish_do():
    def one(**top: float) -> Fingerprint:
        found = {t: math.log(p) for t, p in top.items()}
        return Fingerprint(False, dict.fromkeys(PROMPTS, found))

    assert distance(one(a=0.9, b=0.001), one(a=0.9, b=0.009)) == 0
    assert distance(one(a=0.9, b=0.001), one(a=0.9, c=0.001)) == 0
    # Where b is not listed, it is at most as likely as the last one that is.
    assert distance(one(a=0.6, b=0.3), one(a=0.6, c=0.1)) == pytest.approx(math.log(3))
    assert distance(one(a=0.6, b=0.1), one(a=0.6, c=0.1)) == pytest.approx(0)
    # Nor is it likelier than what the others leave.
    assert distance(one(a=0.9), one(b=0.8)) == pytest.approx(math.log(0.8 / 0.12))


tops = st.dictionaries(st.sampled_from("abcdefgh"), st.floats(-9, 0), min_size=1, max_size=5)


@given(st.lists(st.tuples(tops, tops), min_size=4, max_size=8))
def test_distance_is_symmetric_and_zero_to_itself(pairs):
    a, b = (Fingerprint(False, {str(i): pair[k] for i, pair in enumerate(pairs)}) for k in (0, 1))
    assert distance(a, b) == distance(b, a) >= 0
    assert distance(a, a) == 0


@pytest.mark.parametrize("broken", [{}, {"tops": 3}, {"tops": {"p": 1}}])
def test_what_is_no_fingerprint(broken):
    with pytest.raises(ValueError, match="tops"):
        Fingerprint.from_dict(broken)


class Model:
    """Answers prompts with `a`, and raises what it is told to for some."""

    def __init__(self, *errors: Exception | None, chat: Exception | None = None) -> None:
        self.errors, self.chat, self.asked = list(errors), chat, []

    async def __call__(self, call):
        self.asked.append(call)
        error = self.chat if call.prompt.messages else (self.errors or [None]).pop(0)
        if error is not None:
            raise error
        token = TokenLogprob("a", -0.1, {"a": -0.1, "b": -math.inf, "c": math.nan})
        return [Completion("a", "length", 3, 1, logprobs=(token,))]


def take(model: Model, **offered) -> Fingerprint:
    offers = Capabilities(**{"chat": True, "raw": True, "logprobs": 20, **offered})
    return asyncio.run(take_fingerprint(offers, model))


def test_eight_calls_of_one_token():
    model = Model()
    found = take(model)
    assert len(model.asked) == len(PROMPTS) == 8
    assert {c.params.max_tokens for c in model.asked} == {1}
    assert found == Fingerprint(False, {prompt: {"a": -0.1} for prompt in PROMPTS})


def test_chat_where_raw_prompts_are_refused():
    assert take(Model(*[BackendError("404")] * 8)).chat
    assert take(Model(), raw=False).chat
    with pytest.raises(BackendError, match="404"):
        take(Model(*[BackendError("404")] * 8), chat=False)


def test_some_prompts_may_fail_but_not_most():
    assert len(take(Model(*[CallFailed("no", "content_filter")] * 4)).tops) == 4
    with pytest.raises(RetryableError, match="busy"):
        take(Model(*[RetryableError("busy")] * 5))
    with pytest.raises(KeyError):
        take(Model(KeyError("a fault of ours")))


def test_servers_without_logprobs():
    with pytest.raises(BackendError, match="gives no logprobs"):
        take(Model(), logprobs=0)
    silent = answering({"choices": [{"text": "x", "message": {"content": "x"}}]})
    backend = OpenAI(model="m", base_url="http://server.test/v1").open_with(
        httpx.MockTransport(silent), {}
    )
    with pytest.raises(BackendError, match="ignores the wish"):
        of(backend)
