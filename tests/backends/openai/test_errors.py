"""Which failures are retried, which end a call and which end the run; and what they say."""

from __future__ import annotations

import asyncio
import time
import traceback
from email.utils import formatdate

import httpx
import pytest
from pydantic import ValidationError
from scripted import CHAT, URL, answering, call, complete, raw_reply

from ttc.backends.openai import OpenAI
from ttc.errors import BackendError, CallFailed, RetryableError

KEY = "sk-abcdefgh-0123456789"


def error(message: str, code: str | None = None, kind: str = "invalid_request_error") -> dict:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def failure(handler, wanted=None, **config) -> BackendError:
    with pytest.raises(BackendError) as caught:
        complete(handler, wanted or call(), **config)
    return caught.value


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 529])
def test_passing_troubles_are_retried(status):
    found = failure(answering(error("busy"), status, **{"Retry-After": "3"}))
    assert isinstance(found, RetryableError)
    assert found.retry_after == 3
    assert f"HTTP {status}: busy" in str(found)


@pytest.mark.parametrize(
    ("status", "headers", "trouble"),
    [
        (429, {}, "throttled"),
        (503, {"Retry-After": "1"}, "throttled"),
        (503, {}, "overloaded"),
        (504, {}, "overloaded"),
        (529, {}, "overloaded"),
        (500, {}, "broken"),
        (502, {}, "broken"),
    ],
)
def test_what_a_failure_says_of_the_server(status, headers, trouble):
    found = failure(answering(error("busy"), status, **headers))
    assert isinstance(found, RetryableError)
    assert found.trouble == trouble


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after-ms": "250", "Retry-After": "9"}, 0.25),
        ({"Retry-After": "1.5"}, 1.5),
        ({"Retry-After": "-4"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ],
)
def test_the_wait_that_a_server_wants(headers, seconds):
    found = failure(answering(error("busy"), 429, **headers))
    assert isinstance(found, RetryableError)
    assert found.retry_after == seconds


def test_a_wait_until_a_date():
    found = failure(
        answering(error("busy"), 503, **{"Retry-After": formatdate(time.time() + 30, usegmt=True)})
    )
    assert isinstance(found, RetryableError)
    assert 25 < found.retry_after <= 30


@pytest.mark.parametrize(
    "body",
    [
        error("This model's maximum context length is 4096 tokens. However, you requested 5000"),
        error("too long", "context_length_exceeded"),
        error("the request exceeds the available context size", kind="exceed_context_size_error"),
        {"object": "error", "message": "The input is longer than the model's context length"},
        {"error": "`inputs` tokens + `max_new_tokens` must be <= 4096", "error_type": "validation"},
    ],
)
@pytest.mark.parametrize("status", [400, 413, 422])
def test_prompts_that_are_too_long_end_their_call_only(body, status):
    found = failure(answering(body, status))
    assert isinstance(found, CallFailed)
    assert found.reason == "context_length"


def test_filtered_prompts_end_their_call_only():
    found = failure(answering(error("The response was filtered", "content_filter"), 400))
    assert isinstance(found, CallFailed)
    assert found.reason == "content_filter"


def test_a_filtered_completion_is_a_sample():
    reply = raw_reply("")
    reply["choices"][0]["finish_reason"] = "content_filter"
    (found,) = complete(answering(reply), call())
    assert (found.text, found.finish_reason) == ("", "content_filter")


def final(found: BackendError) -> bool:
    return not isinstance(found, RetryableError | CallFailed)


def test_a_wrong_key_names_its_variable():
    found = failure(
        answering(error(f"Incorrect API key provided: {KEY}"), 401),
        api_key_env="MY_KEY",
        env={"MY_KEY": KEY},
    )
    assert final(found)
    assert "MY_KEY" in str(found)
    assert KEY not in str(found)


def test_a_server_that_wants_a_key_says_where_to_put_it():
    assert "api_key_env" in str(failure(answering(error("no key"), 401)))


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (404, error("The model `m` does not exist", "model_not_found"), "model name ('m')"),
        (400, error("unknown field top_p"), "omit"),
        (429, error("You exceeded your current quota", "insufficient_quota"), "nothing left"),
        (402, error("pay"), "nothing left"),
        (403, error("no"), "api_key_env"),
        (405, "Method Not Allowed", "HTTP 405"),
    ],
)
def test_lasting_troubles_end_the_run(status, body, said):
    found = failure(answering(body, status))
    assert final(found)
    assert said in str(found)
    assert "\n" not in str(found)


def test_html_is_shown_as_text_and_short():
    found = failure(answering("<html><h1>Bad\nGateway</h1>" + "x" * 5000, 502))
    assert "Bad Gateway" in str(found)
    assert len(str(found)) < 400


@pytest.mark.parametrize(
    "reply",
    [
        httpx.Response(200, text='{"choices": [{"index": 0, "te'),
        httpx.Response(200, text="<html>log in</html>", headers={"content-type": "text/html"}),
        httpx.Response(200, text=""),
        httpx.Response(200, text="null", headers={"content-type": "application/json"}),
    ],
)
def test_unreadable_replies_are_retried(reply):
    reply.headers.setdefault("content-type", "application/json")
    assert isinstance(failure(lambda request: reply), RetryableError)


def test_an_error_under_status_200():
    assert isinstance(
        failure(answering({"error": {"message": "rate limited", "code": 429}})), RetryableError
    )
    assert isinstance(failure(answering({"error": {"message": "upstream died"}})), RetryableError)
    assert final(failure(answering({"error": {"message": "no such model", "code": 404}})))


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ConnectError("refused"),
        httpx.ReadError("reset"),
        httpx.RemoteProtocolError("closed in the middle"),
        httpx.ReadTimeout("slow"),
        httpx.ConnectTimeout("slow"),
    ],
)
def test_broken_connections_are_retried(trouble):
    def handle(request):
        raise trouble

    found = failure(handle)
    assert isinstance(found, RetryableError)
    assert str(found).startswith(URL)


def test_a_call_has_one_time_out_in_all():
    async def handle(request):
        await asyncio.sleep(30)

    started = time.perf_counter()
    found = failure(handle, timeout=0.2)
    assert isinstance(found, RetryableError)
    assert "0.2 s" in str(found)
    assert time.perf_counter() - started < 25


def test_half_a_character_is_a_failed_call():
    from ttc.core import Prompt

    assert isinstance(failure(answering(raw_reply("a")), call(Prompt(text="\ud800"))), CallFailed)


# Keys


def test_a_missing_key_is_one_sentence():
    with pytest.raises(BackendError, match="OPENAI_API_KEY is not set"):
        OpenAI(model="gpt-4o").open_with(None, {})
    with pytest.raises(BackendError, match="MY_KEY is not set"):
        OpenAI(model="m", base_url=URL, api_key_env="MY_KEY").open_with(None, {"MY_KEY": " "})


def authorization(env: dict[str, str], **config) -> str | None:
    seen = []

    def handle(request):
        seen.append(request.headers.get("authorization"))
        return httpx.Response(200, json=raw_reply("x"))

    complete(handle, call(), env=env, **config)
    return seen[0]


def test_openais_key_goes_to_openai_only(monkeypatch):
    env = {"OPENAI_API_KEY": KEY}
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert authorization(env, base_url=None) == f"Bearer {KEY}"
    assert authorization(env) is None
    assert authorization(env, api_key_env="OPENAI_API_KEY") == f"Bearer {KEY}"


def test_a_password_in_the_environments_url_is_used_but_not_shown():
    env = {"OPENAI_BASE_URL": "http://me:hunter2-long@server.test/v1"}
    assert authorization(env, base_url=None).startswith("Basic ")
    found = failure(answering(error("hunter2-long is wrong"), 500), base_url=None, env=env)
    assert "hunter2" not in str(found)


def test_a_password_in_a_recipe_is_refused_without_quoting_it():
    with pytest.raises(ValidationError) as caught:
        OpenAI(model="m", base_url="http://me:hunter2@server.test/v1")
    assert "hunter2" not in str(caught.value)
    assert "environment" in str(caught.value)


def test_the_key_is_nowhere(monkeypatch, caplog):
    monkeypatch.setenv("MY_KEY", KEY)
    config = OpenAI(model="m", base_url=URL, api_key_env="MY_KEY")

    def handle(request):
        assert request.headers["authorization"] == f"Bearer {KEY}"
        return httpx.Response(500, json=error(f"crashed with {request.headers['authorization']}"))

    async def run() -> str:
        backend = config.open_with(httpx.MockTransport(handle))
        shown = [repr(backend), repr(config), config.model_dump_json(), repr(vars(backend))]
        with pytest.raises(BackendError) as caught:
            await backend.complete(call(CHAT))
        await backend.close()
        problem = caught.value
        assert problem.__context__ is None
        assert problem.__cause__ is None
        shown += [str(problem), repr(problem), *traceback.format_exception(problem)]
        return "\n".join(shown)

    with caplog.at_level("DEBUG"):
        shown = asyncio.run(run())
    assert "HTTP 500" in shown
    assert KEY not in shown
    assert KEY not in caplog.text
