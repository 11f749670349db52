"""litellm's batches against a real server of the protocol."""

from __future__ import annotations

import asyncio

import pytest

from ttc.backends.litellm import LiteLLM
from ttc.backends.openai import OpenAI
from ttc.core import Call, Prompt, SamplingParams
from ttc.core.batches import BatchBackend
from ttc.errors import BackendError
from ttc.quiet_litellm import load_litellm

CALLS = {
    "ttc-a": Call(Prompt(text="1+1="), SamplingParams(max_tokens=8), (3, 4)),
    "ttc-b": Call(Prompt(text="2+2="), SamplingParams(max_tokens=8), (5,)),
}


async def answered(backend):
    """Both calls by a batch, and what became of a search for it."""
    try:
        encoded = [backend.encode(name, call) for name, call in CALLS.items()]
        content = b"".join(data + b"\n" for _, data in encoded)
        file = await backend.upload("x.jsonl", content)
        batch = await backend.start(file, encoded[0][0], "token-1")
        found = await backend.find("token-1", "")
        while not batch.ended:
            await asyncio.sleep(0.05)
            batch = await backend.look(batch.id)
        replies = {reply.name: reply for reply in await backend.fetch(batch)}
        texts = {n: [c.text for c in backend.read(replies[n], call)] for n, call in CALLS.items()}
        return batch, found, texts
    finally:
        await backend.close()


@pytest.mark.slow
def test_litellm_s_batches_bring_what_openai_s_do(nano_server):
    part = LiteLLM(model="openai/nano-solver", api_base=nano_server, mode="batch")
    backend = part.open()
    assert isinstance(backend, BatchBackend)
    batch, found, texts = asyncio.run(answered(backend))
    assert (batch.status, batch.total, batch.done, batch.failed) == ("completed", 2, 2, 0)
    assert found.id == batch.id
    assert batch.token == "token-1"
    own = OpenAI(model="nano-solver", base_url=nano_server, mode="batch").open()
    assert texts == asyncio.run(answered(own))[2]


def test_a_batch_backend_that_is_closed_leaves_nothing_of_litellm_s_open(nano_server):
    backend = LiteLLM(model="openai/nano-solver", api_base=nano_server, mode="batch").open()
    asyncio.run(answered(backend))
    litellm = load_litellm()
    assert not litellm.in_memory_llm_clients_cache.cache_dict
    assert litellm.aclient_session is None


def test_a_provider_without_batches_is_told_before_the_first_call(monkeypatch):
    monkeypatch.setenv("COHERE_API_KEY", "k")
    with pytest.raises(BackendError, match=r"no batches for cohere.*leave `mode: batch` out"):
        LiteLLM(model="cohere/command-r", mode="batch").open()


def test_prices_of_batches_are_those_of_litellm_s_table(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "k")

    async def identity():
        backend = LiteLLM(model="openai/gpt-4o-mini", mode="batch").open()
        try:
            return await backend.identify()
        finally:
            await backend.close()

    facts = asyncio.run(identity()).facts
    assert facts["mode"] == "batch"
    assert facts["batch_factor"] == pytest.approx(0.5)
