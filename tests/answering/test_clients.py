"""The protocol as the official client sees it: streams, errors by name, keys, hostile texts."""

from __future__ import annotations

import json
import signal
import threading
import time

import httpx
import openai
import pytest
from processes import Command
from recipe_server import serving

from ttc.datasets.nano import NanoDataset

QUESTION = NanoDataset(levels=(2,), problems=1).load()[0].question
SMALL = ("--set", "sampler.solutions=6", "--set", "verifiers.0.verifications=2")
KEY = "sk-recipe-0123456789abcdef"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("served"), "quickstart", *SMALL) as found:
        yield found


def test_models_and_health(server):
    names = [one.id for one in server.client().models.list()]
    assert names == server.said["models"]
    assert names[0] == "quickstart"
    assert "quickstart:majority" in names
    assert not any("oracle" in name for name in names)
    one = server.client().models.retrieve("quickstart:best_of_n")
    assert one.policy == "best_of_n"
    health = httpx.get(server.url.removesuffix("/v1") + "/health").json()
    assert health == {"status": "ok", "models": names}


def test_a_stream_is_the_reply_in_pieces(server):
    whole = server.ask(QUESTION, seed=4)
    chunks = list(server.ask(QUESTION, seed=4, stream=True, stream_options={"include_usage": True}))
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == whole.choices[0].message.content
    assert chunks[0].choices[0].delta.role == "assistant"
    ends = [c for c in chunks if c.choices and c.choices[0].finish_reason]
    assert [c.choices[0].finish_reason for c in ends] == ["stop"]
    assert ends[0].ttc["answer"] == whole.ttc["answer"]
    assert chunks[-1].usage == whole.usage
    assert chunks[-1].choices == []
    plain = list(server.ask(QUESTION, seed=4, stream=True))
    assert all(c.usage is None for c in plain)
    assert len({c.id for c in plain}) == 1


def test_completions_and_responses_say_the_same(server):
    chat = server.ask(QUESTION, seed=4)
    client = server.client()
    made = client.completions.create(model="quickstart", prompt=QUESTION, seed=4)
    assert made.choices[0].text == chat.choices[0].message.content
    assert made.usage == chat.usage
    pieces = client.completions.create(model="quickstart", prompt=QUESTION, seed=4, stream=True)
    assert "".join(p.choices[0].text for p in pieces) == made.choices[0].text
    more = {"seed": 4}
    answered = client.responses.create(model="quickstart", input=QUESTION, extra_body=more)
    assert answered.output_text == made.choices[0].text
    assert answered.usage.total_tokens == chat.usage.total_tokens
    parts = [{"role": "user", "content": [{"type": "input_text", "text": QUESTION}]}]
    again = client.responses.create(model="quickstart", input=parts, extra_body=more)
    assert again.output_text == made.choices[0].text


REFUSED = {
    "two answers": ({"n": 2}, "n must be 1", "n"),
    "logprobs": ({"logprobs": True}, "logprobs", "logprobs"),
    "tools": ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools", "tools"),
    "penalties": ({"presence_penalty": 0.5}, "presence_penalty", "presence_penalty"),
    "effort": ({"reasoning_effort": "high"}, "reasoning_effort", "reasoning_effort"),
    "a long text": ({"max_tokens": 97}, "max_tokens: this server gives at most 96", "max_tokens"),
    "a hot one": ({"temperature": -1}, "temperature", "temperature"),
    "a negative seed": ({"seed": -1}, "seed", "seed"),
    "oracle": ({"ttc": {"policy": "oracle"}}, "'oracle' looks at the gold answer", "ttc"),
    "pass@k": ({"ttc": {"policy": "pass@k"}}, "'oracle' looks at the gold answer", "ttc"),
    "a strange policy": ({"ttc": {"policy": "majorty"}}, "did you mean 'majority'", "ttc"),
    "the sampler's own": ({"ttc": {"policy": "answer"}}, "no answer of its own", "ttc"),
    "more solutions": ({"ttc": {"solutions": 7}}, "at most 6", "solutions"),
    "more money": ({"ttc": {"budget": {"tokens": 32001}}}, "at most 32000", "ttc"),
    "a currency without a rate": (
        {"ttc": {"budget": {"usd": 0.01}}},
        "ttc.budget: the budget is in usd, but nano-solver does not state what it costs",
        "ttc",
    ),
    "no stop": ({"stop": ""}, "stop takes up to 16 texts", "stop"),
    "many stops": ({"stop": ["a"] * 17}, "stop takes up to 16 texts", "stop"),
    "for ever": ({"ttc": {"budget": {"seconds": 1e30}}}, "ttc.budget.seconds", "ttc"),
    "comparisons": ({"ttc": {"policy": "league"}}, "gives what 'league' reads", "ttc"),
    "no money": ({"ttc": {"budget": {"tokens": 0}}}, "ttc.budget.tokens", "ttc"),
    "unknown money": ({"ttc": {"budget": {"euro": 1}}}, "ttc.budget.euro", "ttc"),
    "unknown words": ({"ttc": {"colour": 1}}, "ttc.colour", "ttc"),
    "unread verdicts": (
        {"ttc": {"policy": "majority", "verifications": 1}},
        "reads no verifications",
        "ttc",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_honoured_is_refused_by_name(server, case):
    more, said, param = REFUSED[case]
    own = {"ttc": more["ttc"]} if "ttc" in more else {}
    standard = {k: v for k, v in more.items() if k != "ttc"}
    with pytest.raises(openai.BadRequestError, match=said) as caught:
        server.ask(QUESTION, **standard, **own)
    assert caught.value.param == param
    assert caught.value.type == "invalid_request_error"


MESSAGES = {
    "an image": [
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://x/y"}}]}
    ],
    "a system message": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": QUESTION},
    ],
    "a talk": [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": QUESTION},
    ],
    "an answer": [{"role": "assistant", "content": "42"}],
    "nothing": [{"role": "user", "content": " \n"}],
    "half a character": [{"role": "user", "content": "\ud800"}],
}


@pytest.mark.parametrize("case", MESSAGES)
def test_messages_that_are_no_question(server, case):
    body = json.dumps({"model": "quickstart", "messages": MESSAGES[case]}).encode()
    reply = httpx.post(server.url + "/chat/completions", content=body, timeout=30)
    assert reply.status_code == 400
    assert reply.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b'{"model": "quickstart"}', 400),
        (b'{"model": "nobody", "messages": [{"role": "user", "content": "1"}]}', 404),
        (b'{"model": "quickstart:oracle", "messages": [{"role": "user", "content": "1"}]}', 404),
        (b'{"model": "quickstart", "stream": 1, "messages": [{"role": "user"}]}', 400),
        (b'{"model": "quickstart:", "messages": [{"role": "user", "content": "1"}]}', 404),
        (b'{"ttc":' + b"[" * 100_000, 400),
        (b" " * 1_000_001, 413),
        (b'{"model": "quickstart", "messages": [{"role": "user", "content": "\\u0000\\u001b[2J"}]'
         b', "seed": 1}', 200),
    ],
)  # fmt: skip
def test_bodies_of_all_kinds(server, body, status):
    reply = httpx.post(server.url + "/chat/completions", content=body, timeout=60)
    assert reply.status_code == status
    if status != 200:
        assert set(reply.json()["error"]) == {"message", "type", "param", "code"}
    assert "Traceback" not in reply.text
    assert "/ttc/" not in reply.text


def test_a_question_beyond_the_context(server):
    with pytest.raises(openai.BadRequestError) as caught:
        server.ask("Start with 1. " * 2000, seed=1)
    assert caught.value.code == "context_length_exceeded"
    assert server.ask(QUESTION, seed=1).choices[0].message.content


def test_an_error_in_a_stream_is_the_clients_error(server):
    stream = server.ask(QUESTION, stream=True, ttc={"budget": {"tokens": 10}})
    with pytest.raises(openai.APIError, match="does not cover a single solution") as caught:
        list(stream)
    assert caught.value.code == "budget_too_small"


def test_a_server_with_a_seed_and_earlier_messages(tmp_path):
    words = (*SMALL, "--earlier", "before", "--seed", "4")
    with serving(tmp_path, "quickstart", *words) as server:
        client = server.client()
        assert server.ask(QUESTION).ttc["seed"] == 4
        assert server.ask(QUESTION).ttc["billed"]["tokens"] == 0
        assert server.ask(QUESTION, seed=5).ttc["seed"] == 5
        for case in ("a system message", "a talk"):
            turns = MESSAGES[case]
            reply = client.chat.completions.create(model="quickstart", messages=turns, seed=1)
            talk = "\n\n".join(one["content"] for one in turns)
            if case == "a talk":
                talk = f"User: Hi\n\nAssistant: Hello\n\nUser: {QUESTION}"
            assert reply.ttc["problem"] == server.ask(talk, seed=1).ttc["problem"]


def test_keys(tmp_path):
    open_to_all = Command(tmp_path, "serve", "quickstart", "--host", "0.0.0.0", "--port", "0")
    assert open_to_all.wait(60) == 2
    assert "--api-key-env" in open_to_all.written()[1]
    with serving(
        tmp_path, "quickstart", *SMALL, "--api-key-env", "RECIPE_KEY", RECIPE_KEY=KEY
    ) as server:
        with pytest.raises(openai.AuthenticationError):
            server.ask(QUESTION)
        assert httpx.get(server.url + "/ttc/status").status_code == 401
        client = server.client(KEY)
        turn = [{"role": "user", "content": QUESTION}]
        assert client.chat.completions.create(model="quickstart", messages=turn).choices
        assert KEY not in "".join(server.process.written())


def test_one_server_of_a_recipe_has_its_budget(tmp_path):
    with serving(tmp_path, "quickstart", *SMALL):
        second = Command(tmp_path, "serve", "quickstart", *SMALL, "--port", "0")
        assert second.wait(60) == 1
        assert "another process serves quickstart/" in second.written()[1]
    with serving(tmp_path, "quickstart", *SMALL) as again:
        assert again.ask(QUESTION).choices


LONG = (
    *("--set", "sampler.solutions=100000", "--set", "engine.n_per_call=16"),
    *("--set", "budget.per_problem.tokens=100000000", "--policy", "majority"),
    *("--concurrency", "1", "--set", "engine.concurrency=2"),
)


@pytest.mark.slow
@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_leaves_stops_its_calls(tmp_path, stream):
    with serving(tmp_path, "quickstart", *LONG) as server:
        impatient = server.client(timeout=httpx.Timeout(30, read=2.0))
        with pytest.raises((openai.APITimeoutError, httpx.ReadTimeout)):
            # A stream brings but comments until its client gives up.
            list(
                impatient.chat.completions.create(
                    model="quickstart",
                    messages=[{"role": "user", "content": QUESTION}],
                    seed=1,
                    stream=stream,
                )
            )
        server.wait_until(lambda status: status["working"] == 0)
        spent = server.status()["billed"]["tokens"]
        assert spent > 0
        time.sleep(0.5)
        assert server.status()["billed"]["tokens"] == spent
        reply = server.ask(QUESTION, seed=1, ttc={"solutions": 8})
        assert reply.ttc["solutions"] == 8
        assert reply.ttc["billed"]["tokens"] == 0, "what came before it left was kept"


def test_an_end_lets_work_finish_and_sends_the_line_away(tmp_path):
    words = (*LONG, "--set", "sampler.solutions=1000", "--set", "engine.finish_s=100")
    with serving(tmp_path, "quickstart", *words, ends=signal.SIGTERM) as server:
        found = []

        def ask(seed):
            try:
                found.append(server.ask(QUESTION, seed=seed))
            except openai.APIStatusError as error:
                found.append(error)

        threads = [threading.Thread(target=ask, args=(seed,)) for seed in (1, 2)]
        for thread in threads:
            thread.start()
        server.wait_until(lambda status: status["working"] == 1 and status["waiting"] == 1)
        server.process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join(120)
        kinds = sorted(type(one).__name__ for one in found)
        assert kinds == ["ChatCompletion", "InternalServerError"]
        (refused,) = [one for one in found if isinstance(one, Exception)]
        assert refused.code == "server_stopping"
    with serving(tmp_path, "quickstart", *words) as server:
        (reply,) = [one for one in found if not isinstance(one, Exception)]
        again = server.ask(QUESTION, seed=reply.ttc["seed"])
        assert again.ttc["billed"]["tokens"] == 0
        assert again.choices[0].message.content == reply.choices[0].message.content
