"""The HTTP server seen by the official client and by bare requests."""

from __future__ import annotations

import json
import socket
import time

import httpx
import openai
import pytest
from server_process import KEY
from stub_backend import Stub

from ttc.core import Call, Prompt, SamplingParams

ASK = {"model": "stub", "prompt": "hi", "max_tokens": 30, "seed": 5}


@pytest.fixture(scope="module")
def client(stub_url):
    with openai.OpenAI(base_url=stub_url, api_key="none", max_retries=0) as found:
        yield found


def post(url: str, body: object, path: str = "/completions", **headers: str) -> httpx.Response:
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    return httpx.post(url + path, content=content, headers=headers)


def refused(response: httpx.Response, status: int) -> dict:
    assert response.status_code == status
    error = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return error


def test_models(client):
    (model,) = client.models.list().data
    assert (model.id, model.object, model.owned_by) == ("stub", "model", "ttc")
    assert model.revision.startswith("0123")
    assert model.max_model_len == 200
    assert client.models.retrieve("stub").id == "stub"


def test_health(stub_url):
    found = httpx.get(stub_url.removesuffix("/v1") + "/health")
    assert found.json() == {"status": "ok", "models": ["stub"]}


def test_samples_with_logprobs_and_usage(client):
    reply = client.completions.create(**ASK, n=3, logprobs=2)
    assert reply.object == "text_completion"
    assert [c.index for c in reply.choices] == [0, 1, 2]
    assert len({c.text for c in reply.choices}) == 3
    lists = reply.choices[0].logprobs
    count = sum(len(c.logprobs.tokens) for c in reply.choices)
    assert reply.usage.completion_tokens == count
    assert reply.usage.prompt_tokens == 2
    assert reply.usage.total_tokens == count + 2
    assert len(lists.top_logprobs[0]) == 2
    assert lists.text_offset == list(range(len(lists.tokens)))
    assert reply.system_fingerprint == "0123456789abcdef"


def test_a_seed_fixes_the_samples(client):
    def texts(**more):
        reply = client.completions.create(**{**ASK, **more})
        return [c.text for c in reply.choices]

    assert texts(n=4) == texts(n=4)
    assert texts(n=4)[:1] == texts(n=1)
    assert texts(n=4) != texts(n=4, seed=6)
    assert texts(n=2, seed=6)[0] not in texts(n=4), "neighbouring seeds must not share samples"
    assert texts(n=16, seed=None) != texts(n=16, seed=None)


async def in_process(**params):
    call = Call(Prompt(text="hi"), SamplingParams(max_tokens=30, **params), (5,))
    return (await Stub().complete(call))[0]


def test_a_sample_is_that_of_the_backend(client):
    import asyncio

    wanted = asyncio.run(in_process())
    assert client.completions.create(**ASK).choices[0].text == wanted.text


def test_several_prompts_give_choices_in_order(client):
    both = client.completions.create(**{**ASK, "prompt": ["hi", "ho"]}, n=2)
    hi, ho = (client.completions.create(**{**ASK, "prompt": p}, n=2) for p in ("hi", "ho"))
    assert [c.text for c in both.choices] == [c.text for c in (*hi.choices, *ho.choices)]
    assert both.usage.prompt_tokens == 4


def test_stop_texts(client):
    reply = client.completions.create(**ASK, stop=["1", "2"]).choices[0]
    assert reply.finish_reason == "stop"
    assert not set(reply.text) & set("12")
    assert reply.model_extra["stop_reason"] in ("1", "2")
    short = client.completions.create(**{**ASK, "max_tokens": 1}, stop="z").choices[0]
    assert (short.finish_reason, short.model_extra["stop_reason"]) == ("length", None)


def test_chat(client):
    reply = client.chat.completions.create(
        model="stub",
        messages=[{"role": "system", "content": "h"}, {"role": "user", "content": "i"}],
        seed=5,
        max_completion_tokens=30,
        logprobs=True,
        top_logprobs=3,
        n=2,
    )
    raw = client.completions.create(**ASK, n=2)
    assert [c.message.content for c in reply.choices] == [c.text for c in raw.choices]
    tokens = reply.choices[0].logprobs.content
    assert bytes(tokens[0].bytes).decode() == tokens[0].token
    assert len(tokens[0].top_logprobs) == 3


def test_a_chat_continues_its_final_message(client):
    reply = client.chat.completions.create(
        model="stub",
        messages=[{"role": "user", "content": "h"}, {"role": "assistant", "content": "i"}],
        seed=5,
        max_tokens=30,
        extra_body={"continue_final_message": True, "add_generation_prompt": False},
    )
    raw = client.completions.create(**ASK)
    assert reply.choices[0].message.content == raw.choices[0].text


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"n": 0}, "n"),
        ({"n": 17}, "n"),
        ({"n": "2"}, "n"),
        ({"temperature": -1}, "temperature"),
        ({"temperature": float("nan")}, None),
        ({"top_p": 0}, "top_p"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"logprobs": 6}, "logprobs"),
        ({"prompt": []}, "prompt"),
        ({"prompt": [1, 2]}, "prompt"),
        ({"stop": [""]}, "stop"),
        ({"stop": ["x"] * 65}, "stop"),
        ({"echo": True}, "echo"),
        ({"stream": True}, "stream"),
        ({"best_of": 3}, "best_of"),
        ({"temprature": 1}, "temprature"),
    ],
)
def test_what_is_wrong_is_named(stub_url, change, param):
    error = refused(post(stub_url, {**ASK, **change}), 400)
    assert error["type"] == "invalid_request_error"
    if param:
        assert error["param"] == param
        assert param in error["message"]


@pytest.mark.parametrize(
    "harmless", [{"user": "me"}, {"echo": False}, {"stop": None}, {"top_k": -1}]
)
def test_what_asks_for_nothing_is_accepted(stub_url, harmless):
    assert post(stub_url, {**ASK, **harmless}).status_code == 200


def test_a_missing_field_is_named(stub_url):
    assert refused(post(stub_url, {"model": "stub"}), 400)["param"] == "prompt"
    assert refused(post(stub_url, {"prompt": "x"}), 400)["param"] == "model"


@pytest.mark.parametrize("body", ["", "{", "[]", "3", b"\xff"])
def test_bodies_that_are_no_json_object(stub_url, body):
    refused(post(stub_url, body), 400)


def test_bodies_that_are_too_long(stub_url):
    refused(post(stub_url, {**ASK, "prompt": "x" * 9_000_000}), 413)


def test_a_chat_that_ends_wrong_for_continuing(stub_url):
    body = {
        "model": "stub",
        "messages": [{"role": "user", "content": "x"}],
        "continue_final_message": True,
    }
    assert refused(post(stub_url, body, "/chat/completions"), 400)["param"] == "messages"
    body["messages"] = [{"role": "tool", "content": "x"}]
    assert refused(post(stub_url, body, "/chat/completions"), 400)["param"] == "messages"
    body["messages"] = []
    assert refused(post(stub_url, body, "/chat/completions"), 400)["param"] == "messages"


def test_an_unknown_model(client):
    with pytest.raises(openai.NotFoundError, match="'other' does not exist; there are: stub") as e:
        client.completions.create(**{**ASK, "model": "other"})
    assert e.value.code == "model_not_found"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("other")


def test_a_prompt_beyond_the_context(client):
    with pytest.raises(openai.BadRequestError, match="201 tokens") as e:
        client.completions.create(**{**ASK, "prompt": "x" * 201})
    assert e.value.code == "context_length_exceeded"


def test_unknown_routes_and_methods(stub_url):
    refused(httpx.get(stub_url + "/nothing"), 404)
    refused(httpx.get(stub_url + "/completions"), 405)


def test_a_bug_is_an_error_without_a_traceback(stub_url):
    error = refused(post(stub_url, {**ASK, "prompt": "crash"}), 500)
    assert error["message"] == "internal error: KeyError"


def test_work_ends_when_its_client_hangs_up(stub_url, client):
    def asked(what):
        return int(client.completions.create(**{**ASK, "prompt": what}).choices[0].text)

    def wait_until(what, number):
        deadline = time.monotonic() + 60
        while asked(what) < number:
            assert time.monotonic() < deadline
            time.sleep(0.05)

    begun, cancelled = asked("begun?"), asked("cancelled?")
    body = json.dumps({**ASK, "prompt": "wait"}).encode()
    url = httpx.URL(stub_url + "/completions")
    head = f"POST {url.path} HTTP/1.1\r\nHost: {url.host}\r\nContent-Type: application/json\r\n"
    with socket.create_connection((url.host, url.port), timeout=60) as line:
        line.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        wait_until("begun?", begun + 1)
        assert asked("cancelled?") == cancelled
    wait_until("cancelled?", cancelled + 1)


def test_a_key_is_wanted_on_every_route_but_health(guarded_url):
    for path in ("/models", "/models/stub"):
        error = refused(httpx.get(guarded_url + path), 401)
        assert error["code"] == "invalid_api_key"
    refused(post(guarded_url, ASK), 401)
    refused(post(guarded_url, ASK, authorization="Bearer wrong"), 401)
    refused(post(guarded_url, ASK, authorization=f"Basic {KEY}"), 401)
    assert post(guarded_url, ASK, authorization=f"Bearer {KEY}").status_code == 200
    assert httpx.get(guarded_url.removesuffix("/v1") + "/health").status_code == 200
