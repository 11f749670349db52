"""What calls ask for is what llama.cpp does, in this process and behind a third party's server."""

from __future__ import annotations

import math

import pytest

from ttc.core import Call, Message, Prompt, SamplingParams
from ttc.errors import CallFailed

CHAT = Prompt(messages=(Message("user", "Name three colours."),))
RAW = Prompt(text="The first ten numbers are 1, 2, 3,")
WAYS = ["openai", "litellm", "llama-cpp"]


def call(prompt: Prompt = CHAT, seeds=(1,), **params) -> Call:
    return Call(prompt, SamplingParams(**{"max_tokens": 12, **params}), tuple(seeds))


@pytest.mark.parametrize("prompt", [CHAT, RAW], ids=["chat", "raw"])
@pytest.mark.parametrize("way", ["openai", "litellm"])
def test_greedy_texts_and_logprobs_are_those_of_this_process(ask, way, prompt):
    greedy = call(prompt, temperature=0.0, logprobs=4)
    # The server's second answer: its prompt is then read in the same batches as in this process.
    (_, (theirs,)), ((ours,),) = ask(way, greedy, greedy), ask("llama-cpp", greedy)
    assert theirs.text == ours.text
    assert theirs.prompt_tokens == ours.prompt_tokens
    assert theirs.completion_tokens == ours.completion_tokens == len(ours.logprobs)
    assert theirs.mean_logprob == pytest.approx(ours.mean_logprob, abs=0.02)
    for a, b in zip(theirs.logprobs, ours.logprobs, strict=True):
        assert a.token == b.token
        assert a.logprob == pytest.approx(b.logprob, abs=0.05)
        assert set(b.top) <= {*a.top, *b.top}
        assert max(a.top.values()) == pytest.approx(max(b.top.values()), abs=0.05)
        assert len(b.top) == 4


@pytest.mark.parametrize("way", ["openai", "litellm"])
def test_each_request_has_a_seed(ask, way):
    # The first request reads the prompt as a whole, later ones find it in the server's cache, and
    # quantised arithmetic is not the same in both.
    _, one, two, other = ask(way, call(), call(), call(), call(seeds=(2,)))
    assert one[0].text == two[0].text != other[0].text


@pytest.mark.parametrize("way", ["openai", "litellm"])
def test_a_server_that_ignores_n_gives_one_sample(ask, way):
    ((found, *more),) = ask(way, call(seeds=(1, 2, 3)))
    assert found.text
    assert not more


def test_a_sample_depends_on_its_seed_and_prompt_only(ask):
    """Not on its neighbours, on what was asked before, or on what the cache still holds."""
    several, other, again, alone = ask(
        "llama-cpp", call(seeds=(1, 2, 3)), call(RAW), call(seeds=(1,)), call(seeds=(3,))
    )
    assert len({c.text for c in several}) == 3
    assert other[0].text not in {c.text for c in several}
    assert (several[0].text, several[2].text) == (again[0].text, alone[0].text)


@pytest.mark.parametrize("way", WAYS)
def test_stop_texts_are_cut_off(ask, way):
    found = ask(way, call(RAW, temperature=0.0), call(RAW, temperature=0.0, stop=("5",)))
    (whole,), (cut,) = found
    assert "5" in whole.text
    assert cut.text == whole.text[: whole.text.index("5")]
    assert (whole.finish_reason, cut.finish_reason) == ("length", "stop")
    assert whole.stopped_by == ""
    assert cut.stopped_by == ("5" if way == "llama-cpp" else None)  # its server doesn't say
    assert whole.completion_tokens == 12 > cut.completion_tokens


@pytest.mark.parametrize("way", WAYS)
def test_too_long_a_prompt_fails_this_call_alone(ask, way):
    long = Prompt(messages=(Message("user", "one two three " * 500),))
    with pytest.raises(CallFailed) as caught:
        ask(way, call(long))
    assert caught.value.reason == "context_length"
    assert "1024" in str(caught.value)


def test_a_sample_ends_where_the_context_does(ask):
    ((found,),) = ask("llama-cpp", call(RAW, temperature=0.0, max_tokens=500), context_length=32)
    assert found.finish_reason == "length"
    assert found.prompt_tokens + found.completion_tokens == 32


def test_a_begun_answer_goes_on(ask):
    begun = Prompt(messages=CHAT.messages, prefill="Red, green and")
    ((whole,),) = ask("llama-cpp", call(begun, temperature=0.0, max_tokens=4))
    template = (
        "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face"
        "<|im_end|>\n<|im_start|>user\nName three colours.<|im_end|>\n<|im_start|>assistant\n"
    )
    raw = Prompt(text=template + begun.prefill)
    ((same,),) = ask("llama-cpp", call(raw, temperature=0.0, max_tokens=4))
    assert (whole.text, whole.prompt_tokens) == (same.text, same.prompt_tokens)


@pytest.mark.slow
def test_samples_follow_the_probabilities(ask):
    """Shares of 300 first tokens against the probabilities that came with them."""
    (found,) = ask("llama-cpp", call(RAW, range(300), max_tokens=1, logprobs=5))
    texts = [c.logprobs[0].token for c in found]
    for token, logprob in found[0].logprobs[0].top.items():
        p = math.exp(logprob)
        error = 4 * math.sqrt(p * (1 - p) / 300) + 0.01
        assert texts.count(token) / 300 == pytest.approx(p, abs=error)
