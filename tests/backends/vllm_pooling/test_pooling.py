"""Reward models behind vLLM's pooling API: a scripted server, and a process around nano-prm."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from ttc.backends.vllm_pooling import VLLMPooling
from ttc.core import Call, Message, Passage, Prompt, Reader, RemoteBackend, SamplingParams
from ttc.errors import BackendError, CallFailed, RecipeError, RetryableError
from ttc.pipeline.run import run_recipe
from ttc.recipe import parse_recipe
from ttc.store.tables import read_frame

URL = "http://server.test:8000"
ASKED = SamplingParams(temperature=0, max_tokens=0)
CHAT = (Message("user", "1+1?"),)


class Scripted:
    """A server whose tokens are characters, and whose tags and separators are one token each.

    rows(ids) are the numbers that it gives; requests are kept.
    """

    MARKS = ("<extra_0>", "ки")

    def __init__(self, rows):
        self.rows, self.seen = rows, []

    def __call__(self, request):
        path, body = request.url.path, json.loads(request.content or b"null")
        self.seen.append((path, body, request.headers.get("authorization")))
        if path == "/v1/models":
            return httpx.Response(200, json={"object": "list", "data": [{"id": "m"}]})
        if path == "/tokenize":
            text = body.get("prompt")
            if text is None:
                turns = "".join(f"[{m['role']}]{m['content']}" for m in body["messages"])
                text = turns + ("[assistant]" if body["add_generation_prompt"] else "")
            ids = self.tokens(text)
            return httpx.Response(200, json={"tokens": ids, "count": len(ids)})
        reply = self.rows(body["input"])
        if isinstance(reply, httpx.Response):
            return reply
        usage = {"prompt_tokens": len(body["input"])}
        data = [{"index": 0, "object": "pooling", "data": reply}]
        return httpx.Response(200, content=json.dumps({"data": data, "usage": usage}))

    @classmethod
    def tokens(cls, text):
        for i, mark in enumerate(cls.MARKS):
            text = text.replace(mark, chr(0xE000 + i))
        return list(map(ord, text))

    @classmethod
    def text(cls, ids):
        text = "".join(map(chr, ids))
        for i, mark in enumerate(cls.MARKS):
            text = text.replace(chr(0xE000 + i), mark)
        return text


def using(server, work, **config):
    async def go():
        part = VLLMPooling(**{"model": "m", "base_url": URL, "reward": "plain", **config})
        backend = part.open_with(httpx.MockTransport(server), {"KEY": "sk-0123456789"})
        try:
            return await work(backend)
        finally:
            await backend.close()

    return asyncio.run(go())


def read(server, passage, **config):
    (found,) = using(server, lambda b: b.read(Call(passage, ASKED, (0,))), **config)
    return found


def sent(server):
    """What went to /pooling, as a text."""
    return [Scripted.text(body["input"]) for path, body, _ in server.seen if path == "/pooling"]


def test_plain_scores_are_at_the_end_of_each_step():
    server = Scripted(lambda ids: [[i / 100] for i in range(len(ids))])
    found = read(server, Passage(text="Q:", steps=("ab\n", "c\n")))
    assert sent(server) == ["Q:ab\nc\n"]
    assert found.scores == (0.04, 0.06)
    assert (found.prompt_tokens, found.completion_tokens, found.finish_reason) == (7, 0, "read")
    prompts = [body for path, body, _ in server.seen if path == "/tokenize"]
    assert [body["add_special_tokens"] for body in prompts] == [True, False, False]


def test_flat_lists_are_one_number_each():
    server = Scripted(lambda ids: [i / 100 for i in range(len(ids))])
    assert read(server, Passage(text="Q:", steps=("ab\n",))).scores == (0.04,)


def test_qwen_takes_the_second_label_where_the_server_picked_the_steps():
    server = Scripted(lambda ids: [[0.9, 0.1], [0.25, 0.75]])
    found = read(server, Passage(CHAT, steps=("a\n\n", "b\n\n")), reward="qwen")
    (text,) = sent(server)
    assert text.endswith("[user]1+1?[assistant]a<extra_0>b<extra_0>")
    assert text.startswith("[system]Please reason step by step")
    assert found.scores == (0.1, 0.75)


def test_math_shepherd_takes_the_first_word():
    server = Scripted(lambda ids: [[0.9, 0.1], [0.25, 0.75]])
    found = read(server, Passage(text="1+1?", steps=("a\n", "b")), reward="math-shepherd")
    assert sent(server) == ["1+1? a ки\nb ки"]
    assert found.scores == (0.9, 0.25)


def test_skywork_scores_lines_by_the_sigmoid_of_logits():
    server = Scripted(lambda ids: [[0.0 if i == 9 else 4.0] for i in range(len(ids))])
    found = read(
        server, Passage(CHAT, steps=("a", "b")), reward="skywork", values="logits", bos="<s>"
    )
    assert sent(server) == ["<s>1+1?\na\nb\n"]
    assert found.scores == pytest.approx((0.5, 0.9820138))


def test_rlhflow_reads_where_an_answer_begins():
    def rows(ids):
        text = Scripted.text(ids)
        return [[i / 100, 1 - i / 100] for i in range(len(text))]

    server = Scripted(rows)
    found = read(server, Passage(CHAT, steps=("a", "b")), reward="rlhflow")
    first = "[user]1+1? a[assistant]"
    assert sent(server) == [f"{first}[assistant]+[user]b[assistant]".replace("[assistant][", "[")]
    assert found.scores == pytest.approx(((len(first) - 1) / 100, (len(sent(server)[0]) - 1) / 100))


def test_two_logits_are_a_softmax():
    server = Scripted(lambda ids: [[0.0, 1.0986123]])
    found = read(server, Passage(CHAT, steps=("a",)), reward="qwen", values="logits")
    assert found.scores == pytest.approx((0.75,))


def test_a_question_is_tokenized_once():
    server = Scripted(lambda ids: [[0.5]] * len(ids))

    async def twice(backend):
        for step in ("a\n", "b\n"):
            await backend.read(Call(Passage(text="Q:", steps=(step,)), ASKED, (0,)))

    using(server, twice)
    assert [path for path, *_ in server.seen].count("/tokenize") == 3


@pytest.mark.parametrize(
    ("rows", "config", "kind", "said"),
    [
        ([[0.5]], {}, RetryableError, "1 rows came for 5 tokens with 2 steps"),
        ([[1.5]] * 5, {}, BackendError, "no probabilities .*values: logits"),
        ([[3.0, 1.0]] * 2, {"reward": "qwen"}, BackendError, "no probabilities"),
        ([[0.1, 0.2, 0.7]] * 5, {}, BackendError, "3 numbers for a step, a plain reward model 1"),
        ([["x"]] * 5, {}, RetryableError, "not in the form of vLLM's pooling"),
        ([[10**400]] * 5, {}, RetryableError, "not in the form of vLLM's pooling"),
        ([[float("nan")]] * 5, {}, CallFailed, "gives no number as a score"),
    ],
)
def test_what_is_no_score_is_an_error_that_names_it(rows, config, kind, said):
    with pytest.raises(BackendError, match=said) as caught:
        read(Scripted(lambda ids: rows), Passage(text="Q", steps=("a\n", "b\n")), **config)
    assert type(caught.value) is kind


def test_what_the_server_finds_too_long_is_this_calls_failure():
    said = "This model's maximum context length is 5 tokens."
    server = Scripted(lambda ids: httpx.Response(400, json={"error": {"message": said}}))
    with pytest.raises(CallFailed) as caught:
        read(server, Passage(text="Q", steps=("a",)))
    assert caught.value.reason == "context_length"


def test_what_has_no_step_or_no_token_is_this_calls_failure():
    server = Scripted(lambda ids: [[0.5]] * len(ids))
    for steps, reason in (((), "no_steps"), (("a", ""), "step_places")):
        with pytest.raises(CallFailed) as caught:
            read(server, Passage(text="Q", steps=steps))
        assert caught.value.reason == reason


def test_identity_address_and_key():
    server = Scripted(lambda ids: [])

    async def work(backend):
        assert isinstance(backend, RemoteBackend)
        assert isinstance(backend, Reader)
        return await backend.identify(), backend.endpoints

    identity, endpoints = using(server, work, base_url=f"{URL}/v1", api_key_env="KEY")
    assert endpoints == (URL,)
    assert (identity.model, identity.endpoint, identity.variant) == (
        "m",
        URL,
        "reward: plain, probabilities",
    )
    assert server.seen[0][2] == "Bearer sk-0123456789"
    with pytest.raises(BackendError, match="has no model 'other'"):
        using(server, lambda b: b.identify(), model="other")
    with pytest.raises(BackendError, match="variable NONE is not set"):
        using(server, lambda b: b.identify(), api_key_env="NONE")


def test_it_draws_no_samples_but_answers_whether_the_server_is_well():
    server = Scripted(lambda ids: [[0.5]] * len(ids))
    with pytest.raises(BackendError, match="draws no samples"):
        using(server, lambda b: b.complete(Call(Prompt(text="1"), SamplingParams(), (1,))))
    short = Call(Prompt(text="1"), SamplingParams(max_tokens=1), (1,))
    (found,) = using(server, lambda b: b.complete_at(short, URL))
    assert (found.text, found.prompt_tokens) == ("", 1)


RECIPE = """
name: served
dataset: {type: nano, family: arithmetic, levels: [1, 2], problems: 4}
backend: {type: nano, model: nano-solver}
sampler: {type: independent, solutions: 4, temperature: 1.0, max_tokens: 64}
verifiers: [{type: prm, prompt: nano-solver, steps: line, backend: BACKEND}]
policies: [best_of_n]
results: RESULTS
"""


@pytest.fixture(scope="module")
def served():
    """The URL of a real process."""
    script = Path(__file__).parents[2] / "helpers/pooling_server.py"
    process = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    try:
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(120)
        process.stdout.close()


def verifications(folder, backend):
    text = RECIPE.replace("BACKEND", backend).replace("RESULTS", str(folder))
    outcome = run_recipe(parse_recipe(text))
    return outcome, read_frame(outcome.run.verifications, "verifications")


def test_a_served_model_scores_as_the_embedded_one_does(served, tmp_path):
    backend = f"{{type: vllm_pooling, model: nano-prm, base_url: '{served}', reward: plain}}"
    outcome, remote = verifications(tmp_path / "remote", backend)
    local_outcome, local = verifications(tmp_path / "local", "{type: nano, model: nano-prm}")
    assert len(remote) == 16
    for far, near in zip(remote["step_scores"], local["step_scores"], strict=True):
        assert list(far) == pytest.approx(list(near), abs=1e-6)
    assert list(remote["prompt_tokens"]) == list(local["prompt_tokens"])
    far, near = (one.manifest.ledger["roles"]["verifier"] for one in (outcome, local_outcome))
    assert far["samples"] == near["samples"] == 16
    assert far["prompt_tokens"] >= near["prompt_tokens"] > 0, "a server bills each request"
    assert httpx.get(f"{served}/counts").json()["pooling"] <= 16


def test_a_failed_score_of_a_run_is_named(served, tmp_path):
    backend = f"{{type: vllm_pooling, model: nano-prm, base_url: '{served}', reward: plain}}"
    text = RECIPE.replace("BACKEND", backend).replace("RESULTS", str(tmp_path))
    long = tmp_path / "long.yaml"
    long.write_text('text: "' + "x" * 240 + '{{ question }}"\n')
    text = text.replace("prompt: nano-solver", f"prompt: {long}")
    with pytest.raises(BackendError, match="maximum context length is 256"):
        run_recipe(parse_recipe(text))  # all of them fail alike


def test_what_the_server_refuses_alone_is_named(served, tmp_path):
    backend = f"{{type: vllm_pooling, model: nano-prm, base_url: '{served}/odd', reward: plain}}"
    _, table = verifications(tmp_path, backend)
    failed = table["score"].isna()
    assert set(table.loc[failed, "finish_reason"]) == {"refused"}
    assert set(table.loc[~failed, "finish_reason"]) == {"read"}
    assert 0 < failed.sum() < 16
    assert (table.loc[failed, "step_scores"].map(len) == 0).all()


def test_a_verifier_that_asks_for_words_is_refused():
    backend = f"{{type: vllm_pooling, model: m, base_url: '{URL}', reward: plain}}"
    text = RECIPE.replace("type: prm", "type: genrm-direct").replace(", steps: line", "")
    text = text.replace("nano-solver, backend", "genrm-direct, backend")
    with pytest.raises(RecipeError, match="'genrm-direct' needs token log probabilities"):
        parse_recipe(text.replace("BACKEND", backend))
