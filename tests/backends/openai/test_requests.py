"""What the openai backend sends."""

from __future__ import annotations

import pytest
from scripted import CHAT, RAW, call, sent

from ttc.core import Prompt
from ttc.errors import BackendError


def test_a_raw_prompt_goes_to_completions():
    path, body = sent(call(RAW, n=3, temperature=0.7, max_tokens=20, stop=("\n\n",)))
    assert path == "/v1/completions"
    assert body == {
        "model": "m",
        "prompt": RAW.text,
        "max_tokens": 20,
        "temperature": 0.7,
        "top_p": 1.0,
        "n": 3,
        "stop": ["\n\n"],
        "seed": 7,
    }


def test_a_chat_goes_to_chat_completions_with_its_logprobs():
    path, body = sent(call(CHAT, logprobs=5, top_k=4))
    assert path == "/v1/chat/completions"
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "1+1?"},
    ]
    assert body["logprobs"] is True
    assert body["top_logprobs"] == 5
    assert body["top_k"] == 4
    assert "n" not in body


def test_a_raw_prefill_is_appended():
    _, body = sent(call(Prompt(text="Q: 2\nA:", prefill=" The")))
    assert body["prompt"] == "Q: 2\nA: The"


def test_a_chat_prefill_continues_the_final_message():
    prompt = Prompt(messages=CHAT.messages, prefill="It is")
    _, body = sent(call(prompt), prefill="continue_final_message")
    assert body["messages"][-1] == {"role": "assistant", "content": "It is"}
    assert body["continue_final_message"] is True
    assert body["add_generation_prompt"] is False
    with pytest.raises(BackendError, match="continue_final_message"):
        sent(call(prompt))


def test_greedy_samples_are_asked_for_one_at_a_time():
    _, body = sent(call(RAW, n=4, temperature=0.0))
    assert "n" not in body


def test_fields_can_be_left_out_and_added():
    _, body = sent(call(), omit=("top_p", "seed"), extra_body={"min_p": 0.1})
    assert "top_p" not in body
    assert "seed" not in body
    assert body["min_p"] == 0.1


def test_what_a_sampler_says_counts_more_than_what_is_added():
    added = {"top_k": 0, "continue_final_message": False}
    assert sent(call(top_k=4), extra_body=added)[1]["top_k"] == 4
    assert sent(call(), extra_body=added)[1]["top_k"] == 0
    prompt = Prompt(messages=CHAT.messages, prefill="It is")
    how = {"prefill": "continue_final_message", "extra_body": added}
    assert sent(call(prompt), **how)[1]["continue_final_message"] is True


def test_large_seeds_fit_any_server():
    wanted = call()
    wide = type(wanted)(wanted.prompt, wanted.params, (2**63 + 5,))
    assert 0 <= sent(wide)[1]["seed"] < 2**31


def test_zero_alternatives_are_asked_for_as_one():
    assert sent(call(RAW, logprobs=0))[1]["logprobs"] == 1
    assert sent(call(CHAT, logprobs=0))[1]["top_logprobs"] == 1


def test_openais_own_server_gets_the_new_length_limit():
    _, body = sent(call(CHAT), base_url=None, env={"OPENAI_API_KEY": "sk-test-123456"})
    assert body["max_completion_tokens"] == 512
    assert "max_tokens" not in body
