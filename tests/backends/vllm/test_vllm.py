"""The vllm backend against a stand-in with vLLM's interface (vLLM itself needs a GPU)."""

from __future__ import annotations

import asyncio
import sys
import threading
from types import ModuleType, SimpleNamespace

import pytest

from ttc.backends.vllm import VLLM
from ttc.core import Call, Message, Passage, Prompt, SamplingParams
from ttc.errors import BackendError, CallFailed

CONTEXT = 50


class Tokenizer:
    chat_template = "yes"

    def __call__(self, text, **_):
        return {"input_ids": list(text.encode())}

    def apply_chat_template(self, turns, tokenize, **how):
        return "|".join(t["content"] for t in turns) + (
            "<" if "continue_final_message" in how else ">"
        )


class LLM:
    """Answers with the letters of the seed; every token has logprob -0.5."""

    def __init__(self, **arguments):
        if arguments["model"] == "missing":
            raise OSError("no such model\nand more")
        self.arguments, self.batches = arguments, []
        self.gate = threading.Event()
        self.gate.set()
        config = SimpleNamespace(
            max_model_len=CONTEXT,
            dtype="torch.bfloat16",
            hf_config=SimpleNamespace(num_hidden_layers=3, hidden_size=8, _commit_hash="abc"),
        )
        self.llm_engine = SimpleNamespace(model_config=config)
        LLM.last = self

    def get_tokenizer(self):
        return Tokenizer()

    stop_reason = None

    def generate(self, prompts, params, use_tqdm):
        assert use_tqdm is False
        self.gate.wait()
        self.batches.append(len(prompts))
        return [self.one(p["prompt_token_ids"], s) for p, s in zip(prompts, params, strict=True)]

    def one(self, ids, asked):
        if bytes(ids) == b"break":
            raise RuntimeError("CUDA\nerror")
        if getattr(asked, "prompt_logprobs", None) is not None:
            return self.read(ids, asked)
        text = f"{bytes(ids).decode()}:{asked.seed}"
        tokens = list(text.encode())
        entry = lambda t, lp, rank: SimpleNamespace(logprob=lp, rank=rank, decoded_token=chr(t))  # noqa: E731
        found = None
        if asked.logprobs is not None:
            found = [{t: entry(t, -0.5, 2), 33: entry(33, -0.1, 1)} for t in tokens]
        sample = SimpleNamespace(
            text=text,
            token_ids=tokens,
            logprobs=found,
            finish_reason="stop",
            stop_reason=self.stop_reason,
        )
        return SimpleNamespace(prompt_token_ids=ids, outputs=[sample], num_cached_tokens=1)

    def read(self, ids, asked):
        """A token's logprob is minus its place; the likeliest may be another."""
        assert (asked.prompt_logprobs, asked.max_tokens) == (0, 1)
        entry = lambda t, lp: SimpleNamespace(logprob=lp, rank=1, decoded_token=chr(t))  # noqa: E731
        found = [{t: entry(t, -float(i)), 33: entry(33, -0.1)} for i, t in enumerate(ids)]
        return SimpleNamespace(prompt_token_ids=ids, prompt_logprobs=[None, *found[1:]], outputs=[])


@pytest.fixture(autouse=True)
def stand_in(monkeypatch):
    module = ModuleType("vllm")
    module.LLM, module.SamplingParams = LLM, SimpleNamespace
    monkeypatch.setitem(sys.modules, "vllm", module)


def using(work, **config):
    async def run():
        backend = VLLM(**{"model": "org/m", **config}).open()
        try:
            return await work(backend)
        finally:
            await backend.close()

    return asyncio.run(run())


def call(text: str = "ab", seeds=(5,), **params) -> Call:
    return Call(Prompt(text=text), SamplingParams(**params), tuple(seeds))


def test_each_sample_has_its_seed_and_logprobs():
    found = using(lambda b: b.complete(call(seeds=(5, 6), logprobs=1, keep_logprobs=1)))
    assert [c.text for c in found] == ["ab:5", "ab:6"]
    assert found[0].prompt_tokens == 2
    assert found[0].completion_tokens == 4
    assert found[0].mean_logprob == -0.5
    (last,) = found[0].logprobs
    assert (last.token, last.logprob) == ("5", -0.5)
    assert list(last.top) == ["!", "5"]


@pytest.mark.parametrize(("reason", "told"), [(None, ""), (151643, ""), ("\n", "\n")])
def test_what_ended_a_sample_and_what_was_cached(reason, told, monkeypatch):
    monkeypatch.setattr(LLM, "stop_reason", reason)
    (found,) = using(lambda b: b.complete(call(stop=("\n",))))
    assert (found.stopped_by, found.cached_tokens) == (told, 1)


def test_calls_that_wait_share_a_batch():
    async def work(backend):
        await backend.identify()
        LLM.last.gate.clear()
        first = asyncio.create_task(backend.complete(call("x")))
        await asyncio.sleep(0.1)
        rest = [asyncio.create_task(backend.complete(call(f"p{i}", (1, 2)))) for i in range(5)]
        await asyncio.sleep(0.1)
        LLM.last.gate.set()
        await first
        return [[c.text for c in done] for done in await asyncio.gather(*rest)]

    assert using(work) == [[f"p{i}:1", f"p{i}:2"] for i in range(5)]
    assert LLM.last.batches == [1, 10]


def test_chats_and_prefills():
    chat = Prompt(messages=(Message("user", "hi"),), prefill="ok")
    (found,) = using(lambda b: b.complete(Call(chat, SamplingParams(), (1,))))
    assert found.text == "hi|ok<:1"


def test_given_texts_are_read():
    async def work(backend):
        passage = Passage(text="Q:", prefill="a", steps=("bc", "d"), kind="logprobs")
        (found,) = await backend.read(Call(passage, SamplingParams(max_tokens=0), (1,)))
        return found, backend.count_tokens(passage)

    found, counted = using(work)
    assert [(t.token, t.logprob) for t in found.logprobs] == [("b", -3.0), ("c", -4.0), ("d", -5.0)]
    assert (found.finish_reason, found.prompt_tokens, found.completion_tokens) == ("read", 6, 0)
    assert counted == 6
    (alone,) = using(
        lambda b: b.read(Call(Passage(text="", steps=("ab",)), SamplingParams(), (1,)))
    )
    assert [t.token for t in alone.logprobs] == ["b"], "nothing stands before the first"


def test_a_reading_without_probabilities_is_an_error(monkeypatch):
    nothing = SimpleNamespace(prompt_token_ids=[], prompt_logprobs=None, outputs=[])
    monkeypatch.setattr(LLM, "read", lambda *_: nothing)
    passage = Call(Passage(text="Q", steps=("a",), kind="logprobs"), SamplingParams(), (1,))
    with pytest.raises(BackendError, match="gave no log-probabilities of the prompt"):
        using(lambda b: b.read(passage))


def test_a_long_prompt_fails_alone():
    async def work(backend):
        return await asyncio.gather(
            backend.complete(call("x" * CONTEXT)), backend.complete(call()), return_exceptions=True
        )

    long, short = using(work)
    assert isinstance(long, CallFailed)
    assert long.reason == "context_length"
    assert short[0].text == "ab:5"


def test_failures_are_one_sentence():
    with pytest.raises(BackendError, match="vLLM failed: CUDA error"):
        using(lambda b: b.complete(call("break")))
    with pytest.raises(BackendError, match="can't load missing: no such model and more"):
        using(lambda b: b.identify(), model="missing")


def test_identity_and_engine_arguments():
    identity = using(lambda b: b.identify(), engine={"enforce_eager": True})
    assert identity.revision == "abc"
    assert identity.facts == {
        "context_length": CONTEXT,
        "layers": 3,
        "width": 8,
        "dtype": "bfloat16",
    }
    assert LLM.last.arguments["enforce_eager"] is True
    assert LLM.last.arguments["enable_prefix_caching"] is True
