"""What the openai backend reads out of replies."""

from __future__ import annotations

import gc
import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import CHAT, RAW, answering, call, chat_reply, complete, raw_reply, usage

from ttc.backends.http.reply import apportion, read_reply
from ttc.errors import BackendError, RetryableError

LISTS = {
    "tokens": ["a", "b"],
    "token_logprobs": [-0.5, -1.5],
    "top_logprobs": [{"a": -0.5, "c": -2.0}, {"b": -1.5}],
    "text_offset": [0, 1],
}
CONTENT = {
    "content": [
        {
            "token": "a",
            "logprob": -0.5,
            "top_logprobs": [{"token": "a", "logprob": -0.5}, {"token": "c", "logprob": -2.0}],
        },
        {"token": "b", "logprob": -1.5, "top_logprobs": [{"token": "b", "logprob": -1.5}]},
    ]
}


def test_samples_come_in_order_of_their_index():
    reply = raw_reply("one", "two", "three")
    reply["choices"].reverse()
    found = complete(answering(reply), call(n=3))
    assert [c.text for c in found] == ["one", "two", "three"]
    assert {c.prompt_tokens for c in found} == {9}
    assert all(c.seconds > 0 for c in found)


def test_samples_of_one_reply_share_its_time():
    reply = raw_reply("one", "two", "three", "more")
    assert [c.seconds for c in read_reply(reply, call(n=4), 2.0)[0]] == [0.5] * 4
    assert [c.seconds for c in read_reply(reply, call(n=2), 2.0)[0]] == [1.0] * 2
    assert [c.seconds for c in read_reply(reply, call(n=9), 2.0)[0]] == [0.5] * 4


def test_a_reply_is_freed_without_a_garbage_collection():
    def alive():
        return sum(type(thing) is httpx.Response for thing in gc.get_objects())

    complete(answering(raw_reply("one")), call())
    gc.collect()
    gc.disable()
    try:
        before = alive()
        complete(answering(raw_reply("one")), call())
        assert alive() == before
    finally:
        gc.enable()


@pytest.mark.parametrize("logprobs", [LISTS, CONTENT], ids=["lists", "content"])
@pytest.mark.parametrize("prompt", [RAW, CHAT], ids=["raw", "chat"])
def test_logprobs_of_both_shapes_on_both_routes(logprobs, prompt):
    reply = (raw_reply if prompt is RAW else chat_reply)("ab", usage=usage(9, 2))
    reply["choices"][0]["logprobs"] = logprobs
    (found,) = complete(answering(reply), call(prompt, logprobs=2))
    assert [t.token for t in found.logprobs] == ["a", "b"]
    assert [t.logprob for t in found.logprobs] == [-0.5, -1.5]
    assert found.logprobs[0].top == {"a": -0.5, "c": -2.0}
    assert found.mean_logprob == -1.0
    assert found.completion_tokens == 2


def test_only_the_last_logprobs_are_kept_but_all_are_averaged():
    reply = raw_reply("ab")
    reply["choices"][0]["logprobs"] = LISTS
    (found,) = complete(answering(reply), call(logprobs=2, keep_logprobs=1))
    assert [t.token for t in found.logprobs] == ["b"]
    assert found.mean_logprob == -1.0
    (found,) = complete(answering(reply), call(logprobs=2, keep_logprobs=0))
    assert found.logprobs == ()


def test_logprobs_without_alternatives_or_values():
    reply = raw_reply("ab")
    reply["choices"][0]["logprobs"] = {
        "tokens": ["a", "b"],
        "token_logprobs": [None, -1.0],
        "top_logprobs": None,
    }
    (found,) = complete(answering(reply), call(logprobs=1))
    assert found.mean_logprob == -1.0
    assert found.logprobs[1].top == {}


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_thoughts_go_back_into_the_text(field):
    reply = chat_reply("42")
    reply["choices"][0]["message"][field] = "let me think"
    (found,) = complete(answering(reply), call(CHAT))
    assert found.text == "<think>\nlet me think\n</think>\n\n42"


def test_thoughts_that_ran_out_of_tokens_stay_open():
    reply = chat_reply("")
    reply["choices"][0] |= {
        "message": {"content": None, "reasoning_content": "hm"},
        "finish_reason": "length",
    }
    (found,) = complete(answering(reply), call(CHAT))
    assert found.text == "<think>\nhm"
    assert found.finish_reason == "length"


def test_a_server_that_ignores_n_gives_what_it_gives():
    assert len(complete(answering(raw_reply("one")), call(n=4))) == 1


def test_more_samples_than_asked_for_are_cut():
    assert len(complete(answering(raw_reply("one", "two", "three")), call(n=2))) == 2


def test_a_choice_sent_twice_is_one_sample():
    reply = raw_reply("one", "two")
    reply["choices"].append(dict(reply["choices"][0]))
    assert [c.text for c in complete(answering(reply), call(n=3))] == ["one", "two"]


def test_equal_texts_of_different_index_are_different_samples():
    assert len(complete(answering(raw_reply("same", "same")), call(n=2))) == 2


def test_missing_usage_is_bounded_from_above():
    reply = raw_reply("éa")
    del reply["usage"]
    (found,) = complete(answering(reply), call(max_tokens=50))
    assert found.completion_tokens == 3  # bytes
    assert found.prompt_tokens == len(RAW.text.encode())
    (found,) = complete(answering(raw_reply("é" * 99, usage=None)), call(max_tokens=50))
    assert found.completion_tokens == 50


def test_missing_usage_is_exact_where_logprobs_tell_it():
    reply = raw_reply("ab", usage={"prompt_tokens": 0, "completion_tokens": 0})
    reply["choices"][0]["logprobs"] = LISTS
    (found,) = complete(answering(reply), call(logprobs=1))
    assert found.completion_tokens == 2


COUNTS = (-1, -1000, 2.5, float("nan"), float("inf"), 10**12, "4", True, None, [4])


@pytest.mark.parametrize("count", COUNTS, ids=repr)
@pytest.mark.parametrize("name", ["prompt_tokens", "completion_tokens"])
def test_counts_that_can_be_none_are_missing(name, count):
    text = json.dumps(raw_reply("éa", usage=usage() | {name: count}))
    server = answering(text, 200, **{"content-type": "application/json"})
    (found,) = complete(server, call(max_tokens=50))
    least = {"prompt_tokens": len(RAW.text.encode()), "completion_tokens": 3}
    assert getattr(found, name) == least[name]
    with pytest.raises(BackendError, match="no token counts"):
        complete(server, call(), missing_usage="fail")


@pytest.mark.parametrize("no_usage", [7, "4", [4], {}], ids=repr)
def test_a_sample_that_was_paid_for_is_kept_whatever_its_usage_is(no_usage):
    (found,) = complete(answering(raw_reply("éa", usage=no_usage)), call(max_tokens=50))
    assert (found.text, found.completion_tokens) == ("éa", 3)


def test_a_whole_number_may_be_written_as_a_float():
    reply = raw_reply("ab", usage={"prompt_tokens": 9.0, "completion_tokens": 4.0})
    (found,) = complete(answering(reply), call())
    assert (found.prompt_tokens, found.completion_tokens) == (9, 4)


def test_missing_usage_can_stop_the_run():
    with pytest.raises(BackendError, match="no token counts") as caught:
        complete(answering(raw_reply("a", usage=None)), call(), missing_usage="fail")
    assert not isinstance(caught.value, RetryableError)


def test_usage_of_a_request_is_split_over_its_samples():
    reply = raw_reply("aaaa", "bb", usage=usage(9, 60))
    found = complete(answering(reply), call(n=2))
    assert [c.completion_tokens for c in found] == [40, 20]


@given(
    st.integers(0, 10_000),
    st.lists(st.integers(0, 500), min_size=1, max_size=20),
)
def test_apportioned_parts_sum_to_the_total(total, weights):
    parts = apportion(total, weights)
    assert sum(parts) == total
    assert all(p >= 0 for p in parts)
    if sum(weights):
        exact = [total * w / sum(weights) for w in weights]
        assert all(abs(p - x) < 1 for p, x in zip(parts, exact, strict=True))


@pytest.mark.parametrize(
    "reply",
    [
        {"choices": []},
        {"choices": None},
        {},
        {"choices": [{"index": 0}]},
        {"choices": ["text"]},
        [1, 2],
    ],
)
def test_replies_of_another_form_are_retried(reply):
    with pytest.raises(RetryableError, match=r"server\.test"):
        complete(answering(reply), call())


STOPS = ("\n", "Step")
SAID = [
    ({"stop_reason": None}, ""),  # vLLM, at the end of the text
    ({"stop_reason": 151643}, ""),  # at a token
    ({"stop_reason": "Step"}, "Step"),
    ({"stop_reason": "another"}, None),
    ({"stop_reason": ["Step"]}, ""),
    ({"matched_stop": "\n"}, "\n"),  # SGLang
    ({"matched_stop": 2}, ""),
    ({"provider_specific_fields": {"stop_reason": "Step"}}, "Step"),  # litellm
    ({"provider_specific_fields": None}, None),
    ({}, None),  # OpenAI
    ({"finish_reason": "length"}, ""),
    ({"finish_reason": None}, None),
    ({"finish_reason": ["stop"]}, None),
]


@pytest.mark.parametrize(("more", "told"), SAID)
@pytest.mark.parametrize("prompt", [RAW, CHAT], ids=["raw", "chat"])
def test_what_ended_a_sample(prompt, more, told):
    reply = (raw_reply if prompt is RAW else chat_reply)("one")
    reply["choices"][0] |= more
    (found,) = complete(answering(reply), call(prompt, stop=STOPS))
    assert found.stopped_by == told
    (found,) = complete(answering(reply), call(prompt))
    assert found.stopped_by == ""  # nothing was to stop it


@pytest.mark.parametrize(
    ("more", "cached"),
    [
        ({}, 0),
        ({"prompt_tokens_details": {"cached_tokens": 8}}, 8),
        ({"prompt_tokens_details": {"cached_tokens": 80}}, 9),  # no more than there are
        ({"prompt_tokens_details": {"cached_tokens": -1}}, 0),
        ({"prompt_tokens_details": None}, 0),
        ({"prompt_tokens_details": "8"}, 0),
        ({"prompt_cache_hit_tokens": 7, "prompt_cache_miss_tokens": 2}, 7),  # DeepSeek
    ],
)
def test_cached_tokens(more, cached):
    reply = raw_reply("one", "two", usage={**usage(), **more})
    assert [c.cached_tokens for c in complete(answering(reply), call(n=2))] == [cached, cached]
