"""The litellm backend where it differs from `openai`; tests/serve has what they share."""

from __future__ import annotations

import asyncio
import json
import traceback

import httpx
import pytest
from pydantic import ValidationError
from scripted import CHAT, RAW, call, chat_reply, raw_reply

from ttc.backends.http.client import make_client
from ttc.backends.litellm import LiteLLM
from ttc.core import Completion
from ttc.errors import BackendError, CallFailed, RetryableError

KEY = "sk-abcdefgh-0123456789"
URL = "http://server.test/v1"


def complete(handler, wanted, monkeypatch, **config) -> list[Completion]:
    """One call through litellm to a scripted server."""
    monkeypatch.setenv("MY_KEY", KEY)

    async def run():
        part = LiteLLM(**{"model": "openai/m", "api_base": URL, "api_key_env": "MY_KEY", **config})
        backend = part.open()
        await backend._client.close()
        backend._client = make_client(URL, KEY, backend._as_openai(), httpx.MockTransport(handler))
        try:
            return await backend.complete(wanted)
        finally:
            await backend.close()

    return asyncio.run(run())


def test_prices_are_facts(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    backend = LiteLLM(model="gpt-4o-mini").open()
    identity = asyncio.run(backend.identify())
    assert identity.facts["input_cost_per_token"] == pytest.approx(1.5e-7)
    assert identity.facts["output_cost_per_token"] == pytest.approx(6e-7)
    assert identity.facts["cache_read_input_token_cost"] == pytest.approx(7.5e-8)
    asyncio.run(backend.close())


def test_what_a_provider_lacks_is_not_offered(monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    backend = LiteLLM(model="anthropic/claude-3-haiku-20240307").open()
    offered = backend.capabilities
    assert (offered.max_n, offered.seed, offered.logprobs) == (1, False, 0)
    assert {"n", "seed", "logprobs"}.isdisjoint(backend._arguments(call(CHAT, n=3, logprobs=2)))
    asyncio.run(backend.close())


def test_an_unknown_provider_is_explained():
    with pytest.raises(BackendError, match="provider/model"):
        LiteLLM(model="no-such-thing").open()


def test_a_missing_key_is_named(monkeypatch):
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.delenv("ANTHROPIC_AUTH_TOKEN", raising=False)
    with pytest.raises(BackendError, match="ANTHROPIC_API_KEY"):
        LiteLLM(model="anthropic/claude-3-haiku-20240307").open()


def test_a_password_in_a_recipe_is_refused_without_quoting_it():
    with pytest.raises(ValidationError) as caught:
        LiteLLM(model="openai/m", api_base="http://me:hunter2@server.test/v1")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("prompt", [RAW, CHAT], ids=["raw", "chat"])
def test_missing_usage_is_bounded_from_above(prompt, monkeypatch):
    reply = raw_reply("abcd") if prompt is RAW else chat_reply("abcd")
    del reply["usage"]
    (found,) = complete(lambda r: httpx.Response(200, json=reply), call(prompt), monkeypatch)
    assert found.completion_tokens == 4
    assert found.prompt_tokens >= 9


@pytest.mark.parametrize("prompt", [RAW, CHAT], ids=["raw", "chat"])
@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (429, {"error": {"message": "slow down"}}, RetryableError),
        (500, {"error": {"message": "oops"}}, RetryableError),
        (503, "busy", RetryableError),
        (200, '{"choices": [{"ind', RetryableError),
        (400, {"error": {"message": "maximum context length is 10 tokens"}}, CallFailed),
        (401, {"error": {"message": f"Incorrect API key: {KEY}"}}, BackendError),
        (404, {"error": {"message": "no such model"}}, BackendError),
    ],
)
def test_error_classes(status, body, kind, prompt, monkeypatch, caplog):
    headers = {"retry-after": "2", "content-type": "application/json"}

    def handle(request):
        assert request.headers["authorization"] == f"Bearer {KEY}"
        if isinstance(body, str):
            return httpx.Response(status, text=body, headers=headers)
        return httpx.Response(status, json=body, headers=headers)

    with caplog.at_level("DEBUG"), pytest.raises(BackendError) as caught:
        complete(handle, call(prompt), monkeypatch)
    problem = caught.value
    assert type(problem) is kind
    if status == 429:
        assert problem.retry_after == 2
    if status == 401:
        assert "MY_KEY" in str(problem)
    assert "litellm." not in str(problem)
    shown = "".join(traceback.format_exception(problem)) + repr(problem)
    assert KEY not in shown
    assert problem.__context__ is None
    assert KEY not in caplog.text


@pytest.mark.parametrize(
    "content", [{"a": 1}, 7, [{"type": "text", "text": "a"}], [{"type": "image_url"}]]
)
def test_content_that_litellm_can_not_read_fails_its_call(monkeypatch, content):
    answer = httpx.Response(200, json=chat_reply(content))
    with pytest.raises(RetryableError) as caught:
        complete(lambda request: answer, call(CHAT), monkeypatch)
    assert "Traceback" not in str(caught.value)


def test_half_characters_are_mended(monkeypatch):
    answer = httpx.Response(
        200,
        content=json.dumps(chat_reply("a\ud800b")).encode(),
        headers={"content-type": "application/json"},
    )
    assert complete(lambda request: answer, call(CHAT), monkeypatch)[0].text == "a\ufffdb"


@pytest.mark.parametrize(
    "body",
    [b"[" * 50_000, b'{"choices": ' * 900, b"<" * 160_000, b"", b"null", b'{"choices": {}}',
     b'{"choices": [null]}', b"[]",
     b'{"error": {"code": "\xc2\xb2"}}', b'{"error": "\\ud800"}'],
)  # fmt: skip
@pytest.mark.parametrize("status", [200, 500])
def test_odd_replies_fail_their_call(monkeypatch, body, status):
    def handle(request):
        return httpx.Response(status, content=body, headers={"content-type": "application/json"})

    with pytest.raises(BackendError) as caught:
        complete(handle, call(CHAT), monkeypatch)
    assert isinstance(caught.value, RetryableError) or caught.value.refused
    str(caught.value).encode()
