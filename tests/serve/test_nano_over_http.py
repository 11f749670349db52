"""One network three ways: in this process, and by `openai` and `litellm` from a real server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest
from server_process import KEY, running

from ttc.backends import BackendPart
from ttc.backends.litellm import LiteLLM
from ttc.backends.nano import Nano
from ttc.backends.openai import OpenAI
from ttc.core import Backend, Call, Message, Prompt, SamplingParams
from ttc.errors import BackendError, CallFailed, RetryableError
from ttc.nano.prompts import solver_prompt

T = TypeVar("T")
TEXT = solver_prompt("Start with 17. Plus 25. What is left?")
RAW = Prompt(text=TEXT)
CHAT = Prompt(messages=(Message("user", TEXT),))
SOLVER = "nano-solver"


def remote(kind: str, url: str, model: str = SOLVER, **more: object) -> BackendPart:
    if kind == "openai":
        return OpenAI(model=model, base_url=url, prefill="continue_final_message", **more)
    return LiteLLM(model=f"openai/{model}", api_base=url, prefill="continue_final_message", **more)


def using(part: BackendPart, work: Callable[[Backend], Awaitable[T]]) -> T:
    async def run() -> T:
        backend = part.open()
        try:
            return await work(backend)
        finally:
            await backend.close()

    return asyncio.run(run())


def call(prompt: Prompt = RAW, n: int = 1, seed: int = 11, **params: object) -> Call:
    return Call(
        prompt, SamplingParams(**{"max_tokens": 60, **params}), tuple(range(seed, seed + n))
    )


both = pytest.mark.parametrize("kind", ["openai", "litellm"])
prompts = pytest.mark.parametrize("prompt", [RAW, CHAT], ids=["raw", "chat"])


@pytest.mark.slow
@both
@prompts
def test_a_sample_is_the_same_wherever_the_network_runs(kind, prompt, nano_url):
    asked = [
        call(prompt, seed=s, logprobs=4, **more)
        for s in (3, 4)
        for more in ({}, {"temperature": 0.5, "top_p": 0.9}, {"stop": ("\n",)}, {"max_tokens": 5})
    ]

    async def work(backend):
        return [(await backend.complete(c))[0] for c in asked]

    far, near = using(remote(kind, nano_url), work), using(Nano(), work)
    for a, b in zip(far, near, strict=True):
        assert (a.text, a.finish_reason, a.stopped_by) == (b.text, b.finish_reason, b.stopped_by)
        assert (a.prompt_tokens, a.completion_tokens) == (b.prompt_tokens, b.completion_tokens)
        assert a.logprobs == b.logprobs
        assert a.mean_logprob == pytest.approx(b.mean_logprob, rel=1e-9)
    assert {(c.finish_reason, c.stopped_by) for c in far} >= {("stop", "\n"), ("length", "")}
    assert any(t.top for t in far[0].logprobs)


@both
@prompts
def test_many_samples_per_call(kind, prompt, nano_url):
    async def work(backend):
        return [await backend.complete(call(prompt, n=8)) for _ in range(2)]

    first, second = using(remote(kind, nano_url), work)
    assert len(first) == 8
    assert [c.text for c in first] == [c.text for c in second]
    assert len({c.text for c in first}) > 1
    assert all(0 < c.completion_tokens <= 60 for c in first)


@both
def test_identity_is_that_of_the_weights(kind, nano_url):
    far = using(remote(kind, nano_url), lambda b: b.identify())
    near = using(Nano(), lambda b: b.identify())
    assert far.revision == near.revision
    assert far.endpoint == nano_url
    for fact in ("parameters", "layers", "width", "context_length"):
        assert far.facts[fact] == near.facts[fact]


@both
@prompts
def test_a_begun_answer_is_continued(kind, prompt, nano_url):
    begun = Prompt(prompt.messages, prompt.text, prefill="17+25=")

    async def work(backend):
        return (await backend.complete(call(begun)))[0]

    far, near = using(remote(kind, nano_url), work), using(Nano(), work)
    assert far.text == near.text
    assert not far.text.startswith("17+25=")


@both
@prompts
def test_a_prompt_beyond_the_context_ends_its_call_only(kind, prompt, nano_url):
    text = TEXT * 50
    long = Prompt(text=text) if prompt is RAW else Prompt(messages=(Message("user", text),))

    async def work(backend):
        with pytest.raises(CallFailed) as caught:
            await backend.complete(call(long))
        return caught.value.reason

    assert using(remote(kind, nano_url), work) == "context_length"
    assert using(Nano(), work) == "context_length"


@both
def test_a_wrong_model_lists_the_right_ones(kind, nano_url):
    with pytest.raises(BackendError, match="nano-solver"):
        using(remote(kind, nano_url, "nano-slover"), lambda b: b.identify())


@both
def test_a_model_that_is_asked_for_unseen_is_a_final_error(kind, nano_url):
    with pytest.raises(BackendError, match="does not exist") as caught:
        using(remote(kind, nano_url, "other"), lambda b: b.complete(call()))
    assert not isinstance(caught.value, RetryableError | CallFailed)


@both
def test_keys(kind, guarded_url, monkeypatch):
    async def work(backend):
        await backend.identify()
        return (await backend.complete(call(Prompt(text="hi"))))[0].completion_tokens

    monkeypatch.setenv("RIGHT_KEY", KEY)
    monkeypatch.setenv("WRONG_KEY", "sk-wrong-0123456789abcdef")
    assert using(remote(kind, guarded_url, "stub", api_key_env="RIGHT_KEY"), work)
    with pytest.raises(BackendError, match="WRONG_KEY") as caught:
        using(remote(kind, guarded_url, "stub", api_key_env="WRONG_KEY"), work)
    assert "sk-wrong" not in str(caught.value)
    with pytest.raises(BackendError, match="api_key_env"):
        using(remote(kind, guarded_url, "stub"), work)
    with pytest.raises(BackendError, match="NO_SUCH_KEY is not set"):
        remote(kind, guarded_url, "stub", api_key_env="NO_SUCH_KEY").open()


@both
def test_an_unreachable_server(kind):
    with pytest.raises(BackendError, match=r"127\.0\.0\.1:9/v1.*is the server running"):
        using(remote(kind, "http://127.0.0.1:9/v1"), lambda b: b.identify())
    with pytest.raises(RetryableError):
        using(remote(kind, "http://127.0.0.1:9/v1"), lambda b: b.complete(call()))


def test_concurrent_clients_do_not_disturb_each_other(nano_url):
    asked = [call(seed=s) for s in range(40)]

    async def together(backend):
        return [c[0].text for c in await asyncio.gather(*map(backend.complete, asked))]

    async def in_turn(backend):
        return [(await backend.complete(c))[0].text for c in asked]

    assert using(remote("openai", nano_url), together) == using(Nano(), in_turn)


def test_one_process_serves_every_network(nano_url):
    from ttc import nano

    for name in nano.models():
        assert using(remote("openai", nano_url, name), lambda b: b.identify()).model == name


def test_a_server_that_dies_is_a_passing_trouble():
    with running("-m", "ttc.serve", SOLVER, "--port", "0") as said:
        part = remote("openai", said["url"])
        assert using(part, lambda b: b.complete(call()))
    with pytest.raises(RetryableError):
        using(part, lambda b: b.complete(call()))


@pytest.mark.slow
@pytest.mark.parametrize("provider", ["openai", "hosted_vllm"])
@prompts
def test_litellms_connections_are_shared_and_closed(provider, prompt, nano_url):
    import gc

    import aiohttp

    before = [o for o in gc.get_objects() if isinstance(o, aiohttp.ClientSession)]
    open_now: list[int] = []

    def sessions() -> list[aiohttp.ClientSession]:
        found = (o for o in gc.get_objects() if isinstance(o, aiohttp.ClientSession))
        return [o for o in found if o not in before and not o.closed]

    async def work(backend):
        calls = [backend.complete(call(prompt, seed=s, max_tokens=4)) for s in range(12)]
        texts = [found[0].text for found in await asyncio.gather(*calls)]
        open_now.append(len(sessions()))
        return texts

    part = LiteLLM(model=f"{provider}/{SOLVER}", api_base=nano_url)
    first, again = using(part, work), using(part, work)
    assert first == again
    assert open_now == [1, 1]
    assert sessions() == []


@pytest.mark.parametrize("provider", ["openai", "hosted_vllm"])
@prompts
def test_a_backend_that_nobody_closed_harms_no_later_loop(provider, prompt, nano_url):
    part = LiteLLM(model=f"{provider}/{SOLVER}", api_base=nano_url)
    kept = []

    async def work() -> str:
        kept.append(part.open())
        answers = await asyncio.gather(*(kept[-1].complete(call(prompt)) for _ in range(3)))
        return answers[0][0].text

    # A loop that ended gives its address to the next one.
    assert len({asyncio.run(work()) for _ in range(6)}) == 1
    assert using(part, lambda b: b.complete(call(prompt)))
