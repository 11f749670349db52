"""The doctor finds each lie of a server, and none where there is none."""

from __future__ import annotations

import asyncio
import json
import math
import random
from dataclasses import replace

import httpx
import pytest

from ttc.backends.openai import OpenAI
from ttc.doctor.diagnosis import Diagnosis, Target, diagnose, diagnose_all, only_model
from ttc.errors import BackendError

URL = "http://server.test/v1"
WORDS = ["fox", "raven", "tree", "cheese", "song", "wood"]
CONTEXT = 5000


class Server:
    """A model of six equally likely words, one token each, that may lie in the ways named."""

    def __init__(self, *lies: str) -> None:
        self.lies = set(lies)
        self.luck = random.Random(1)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(
                200, json={"data": [{"id": "m", "max_model_len": CONTEXT, "revision": "r"}]}
            )
        body = json.loads(request.content)
        chat = "messages" in body
        if ("no chat" in self.lies and chat) or ("no raw" in self.lies and not chat):
            return httpx.Response(404, json={"error": {"message": "no such route"}})
        if chat:
            turns = body["messages"]
            if "drops system" in self.lies:
                turns = [t for t in turns if t["role"] != "system"]
            if "own system" in self.lies and turns[0]["role"] != "system":
                turns = [{"content": "you are a most helpful thing " * 3}, *turns]
            text = " ".join("<turn> " + t["content"] for t in turns)
            text += "" if body.get("continue_final_message") else " </turn> <assistant>"
        else:
            text = body["prompt"]
        size = len(text.split())
        context = 100 if "small" in self.lies else CONTEXT
        if size > context:
            if "cuts prompts" not in self.lies:
                message = f"maximum context length is {context} tokens"
                return httpx.Response(400, json={"error": {"message": message}})
            size = context
        return httpx.Response(200, json=self.reply(body, text, size, chat))

    def reply(self, body: dict, text: str, size: int, chat: bool) -> dict:
        choices, tokens = [], 0
        for i in range(1 if "ignores n" in self.lies else body.get("n", 1)):
            said, reason = self.sample(body, text, i)
            tokens += len(said)
            choice = {"index": 0 if "one index" in self.lies else i, "finish_reason": reason}
            whole = " ".join(said)
            choice |= {"message": {"content": whole}} if chat else {"text": whole}
            if body.get("logprobs") is not None and "no logprobs" not in self.lies:
                choice["logprobs"] = self.logprobs(body, said, chat)
            choices.append(choice)
        found = {"choices": choices}
        if "no usage" not in self.lies:
            size = 7 if "fixed usage" in self.lies else size
            found["usage"] = {"prompt_tokens": size, "completion_tokens": tokens}
        return found

    def sample(self, body: dict, text: str, index: int) -> tuple[list[str], str]:
        seed = body.get("seed")
        if "ignores seed" in self.lies or seed is None:
            seed = self.luck.random()
        if "copies" in self.lies:
            index = 0
        if body.get("temperature", 1) == 0:
            seed = index = 0
        if "one text" in self.lies:
            seed = 0
        dice = random.Random(f"{seed}/{index}/{text}")
        most = 50 if "ignores max_tokens" in self.lies else body["max_tokens"]
        said = [dice.choice(WORDS) for _ in range(most)]
        if "ignores stop" not in self.lies:
            for stop in body.get("stop") or []:
                for k in range(len(said)):
                    if stop in " ".join(said[: k + 1]):
                        return said[:k], "stop"
        return said, "length"

    def logprobs(self, body: dict, said: list[str], chat: bool) -> dict:
        even = math.log(1 / 6) if "bad logprobs" not in self.lies else -0.1
        top = body["top_logprobs"] if chat else body["logprobs"]
        top = 3 if "three logprobs" in self.lies else top
        best = dict.fromkeys(WORDS[:top], even)
        words = [w if i == 0 else f" {w}" for i, w in enumerate(said)]
        if not chat:
            return {
                "tokens": words,
                "token_logprobs": [even] * len(said),
                "top_logprobs": [best] * len(said),
            }
        many = [{"token": t, "logprob": v} for t, v in best.items()]
        return {"content": [{"token": w, "logprob": even, "top_logprobs": many} for w in words]}


def diagnosed(handler, url: str = URL, **config) -> Diagnosis:
    target = Target(OpenAI(**{"model": "m", **config}), url)
    return asyncio.run(diagnose(target, httpx.MockTransport(handler)))


def examine(*lies: str, **config) -> Diagnosis:
    return diagnosed(Server(*lies), **config)


def said(diagnosis: Diagnosis, level: str) -> dict[str, str]:
    return {f.check: f.message for f in diagnosis.findings if f.level == level}


@pytest.mark.parametrize("route", ["both", "no chat", "no raw"])
def test_an_honest_server_is_healthy(route):
    found = examine(route)
    assert found.healthy
    troubles = said(found, "warning")
    assert (
        set(troubles)
        == {
            "both": set(),
            "no chat": {"/chat/completions"},
            "no raw": {"/completions"},
        }[route]
    )
    assert {"usage", "max_tokens", "n", "seed", "stop", "logprobs", "context"} <= set(
        said(found, "ok")
    )
    assert found.fingerprint is not None
    assert found.identity.revision == "r"


@pytest.mark.parametrize(
    ("lie", "level", "check", "words"),
    [
        ("no usage", "failure", "usage", "no token counts"),
        ("fixed usage", "failure", "usage", "counts only 0 tokens more"),
        ("ignores n", "warning", "n", "n_per_call: 1"),
        ("one index", "failure", "n", "indices"),
        ("copies", "failure", "n", "four times"),
        ("one text", "failure", "seed", "all seeds"),
        ("ignores seed", "warning", "seed", "two texts"),
        ("ignores max_tokens", "failure", "max_tokens", "50 came"),
        ("ignores stop", "failure", "stop", "goes on"),
        ("no logprobs", "warning", "logprobs", "binary"),
        ("bad logprobs", "failure", "logprobs", "sum to"),
        ("cuts prompts", "failure", "context", "cut silently"),
        ("drops system", "warning", "chat template", "system"),
    ],
)
def test_each_lie_is_found(lie, level, check, words):
    found = examine(lie)
    assert words in said(found, level).get(check, ""), found.findings
    assert found.healthy == (level != "failure")


def test_a_server_with_neither_route():
    found = examine("no chat", "no raw")
    assert not found.healthy
    assert set(said(found, "failure")) == {"/completions", "/chat/completions"}


@pytest.mark.parametrize(
    "reply",
    [
        {"choices": ["hello"]},
        {"choices": {}},
        {"choices": []},
        {"choices": [{"index": 0}]},
        {"answer": "hello"},
    ],
)
def test_replies_of_another_form_are_findings_too(reply):
    def handle(request: httpx.Request) -> httpx.Response:
        listed = {"data": [{"id": "m"}]}
        return httpx.Response(200, json=listed if request.method == "GET" else reply)

    found = diagnosed(handle)
    assert not found.healthy
    assert "not in OpenAI's form" in said(found, "failure")["/completions"]


@pytest.mark.parametrize(
    "more",
    [
        {"logprobs": {"tokens": "x", "token_logprobs": [1, 2], "top_logprobs": 3}},
        {"logprobs": {"content": [{"token": "a", "logprob": 1e308}]}},
        {"logprobs": {"content": [7]}},
        {"index": [0]},
        {"finish_reason": {}},
    ],
)
@pytest.mark.parametrize("usage", [3, {"prompt_tokens": "many"}, {"completion_tokens": math.inf}])
def test_no_reply_breaks_the_doctor(more, usage):
    def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"data": [{"id": "m", "max_model_len": 9}]})
        choice = {"index": 0, "text": "a b c d e f g h", "finish_reason": "stop", **more}
        return httpx.Response(200, text=json.dumps({"choices": [choice], "usage": usage}))

    assert not diagnosed(handle).healthy


def test_what_a_recipe_does_without_is_not_checked():
    found = examine("ignores n", "ignores seed", "no logprobs", "no raw")
    assert {"n", "seed", "logprobs", "/completions", "fingerprint"} == set(said(found, "warning"))
    without = {"n_per_call": 1, "omit": ("seed",), "max_logprobs": 0, "raw": False}
    found = examine("ignores n", "ignores seed", "no logprobs", "no raw", **without)
    assert not said(found, "warning")
    assert "max_logprobs: 3" in said(examine("three logprobs"), "warning")["logprobs"]


def test_what_looks_like_a_lie_at_first():
    assert not said(examine("own system"), "warning")
    assert not said(examine("small"), "warning"), "its context holds few of the usual prompts"


def test_a_server_without_a_list_of_models():
    def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(404, json={"error": {"message": "no such route"}})
        return Server()(request)

    found = diagnosed(handle)
    assert found.healthy
    assert "check_model: false" in said(found, "warning")["/models"]
    assert not said(diagnosed(handle, check_model=False), "warning")


def test_a_full_server_is_waited_for():
    waits, server = iter(range(3)), Server()

    def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and next(waits, None) is not None:
            return httpx.Response(429, json={}, headers={"retry-after": "0.01"})
        return server(request)

    assert not said(diagnosed(handle), "warning")


def test_keys_and_passwords_reach_the_server_and_no_finding(monkeypatch):
    monkeypatch.setenv("DOCTORS_KEY", "sk-doctors-0123456789")
    seen = set()

    def handle(request: httpx.Request) -> httpx.Response:
        seen.add(request.headers["authorization"])
        if request.method == "POST":
            return httpx.Response(400, json={"error": f"bad {request.headers['authorization']}"})
        return Server()(request)

    shown = [
        diagnosed(handle, api_key_env="DOCTORS_KEY"),
        diagnosed(handle, "http://me:planted-pass-1@server.test/v1"),
    ]
    assert len(seen) == 2
    text = json.dumps([d.as_dict() for d in shown])
    assert "bad" in text
    for secret in ("sk-doctors-0123456789", "planted-pass-1", *seen):
        assert secret not in text


def test_servers_of_a_pool_must_serve_one_model():
    honest, other = Server(), Server("bad logprobs")

    def handle(request: httpx.Request) -> httpx.Response:
        return (other if request.url.host == "other.test" else honest)(request)

    def findings(*urls: str) -> Diagnosis:
        targets = [Target(OpenAI(model="m", base_urls=urls), url) for url in urls]
        return asyncio.run(diagnose_all(targets, httpx.MockTransport(handle)))[-1]

    again = URL.replace("server", "again")
    assert "pool" not in said(findings(URL, again), "failure")
    text = said(findings(URL, "http://other.test/v1"), "failure")["pool"]
    assert URL in text
    assert "another model" in text


def test_the_model_must_be_named_where_there_are_several():
    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"data": [{"id": n} for n in names]})

    transport = httpx.MockTransport(handle)
    names = ["a"]
    assert asyncio.run(only_model(URL, transport=transport)) == "a"
    names = ["a", "b"]
    with pytest.raises(BackendError, match="serves a, b; name one with --model"):
        asyncio.run(only_model(URL, transport=transport))
    names = []
    with pytest.raises(BackendError, match="lists no model; name it with --model"):
        asyncio.run(only_model(URL, transport=transport))
    names = ["mm"]
    with pytest.raises(BackendError, match="did you mean 'mm'"):
        diagnosed(handle)


def test_an_unreachable_server():
    with pytest.raises(BackendError, match="is the server running"):
        asyncio.run(only_model("http://127.0.0.1:9/v1"))
    with pytest.raises(BackendError, match="is the server running"):
        asyncio.run(diagnose(Target(OpenAI(model="m"), "http://127.0.0.1:9/v1")))


def test_the_diagnosis_is_plain_data():
    found = examine("ignores stop")
    plain = json.loads(json.dumps(found.as_dict()))
    assert plain["healthy"] is False
    assert plain["fingerprint"]["digest"] == found.fingerprint.digest
    assert {"check": "usage", "level": "ok"}.items() <= next(
        f for f in plain["findings"] if f["check"] == "usage"
    ).items()
    healed = tuple(f for f in found.findings if f.level != "failure")
    assert replace(found, findings=healed).healthy
