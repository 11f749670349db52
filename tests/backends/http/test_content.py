"""Texts of chat messages: parts of many kinds, thoughts, and what is no text at all."""

from __future__ import annotations

import pytest
from scripted import CHAT, RAW, answering, call, chat_reply, complete, raw_reply

from ttc.errors import RetryableError
from ttc.thinking import after_thinking


def text_of(content: object, finish: str = "stop", **message: object) -> str:
    reply = chat_reply("")
    reply["choices"][0]["message"] = {"role": "assistant", "content": content, **message}
    reply["choices"][0]["finish_reason"] = finish
    (found,) = complete(answering(reply), call(CHAT))
    return found.text


TEXT = {"type": "text", "text": "The answer is "}
MORE = {"type": "text", "text": "42."}
SAID = "The answer is 42."
THOUGHT = "<think>\nhm\n</think>\n\n" + SAID


@pytest.mark.parametrize(
    "content",
    [
        SAID,
        [TEXT, MORE],
        [{"type": "output_text", "text": SAID, "annotations": []}],
        ["The answer is ", "42."],
        [{"text": SAID}],
        [{"type": "text", "text": {"value": SAID, "annotations": []}}],
        [TEXT, {"type": "image_url", "image_url": {"url": "data:..."}}, MORE],
        [{"type": "text", "text": None}, TEXT, MORE],
        [{"type": "redacted_thinking", "data": "gAAA"}, TEXT, MORE],
    ],
)
def test_text_parts_are_the_text(content):
    assert text_of(content) == SAID


@pytest.mark.parametrize(
    "part",
    [
        {"type": "thinking", "thinking": "hm", "signature": "x"},
        {"type": "thinking", "thinking": [{"type": "text", "text": "h"}, {"text": "m"}]},
        {"type": "reasoning", "text": "hm"},
        {"type": "reasoning", "reasoning": "hm"},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]},
        {"type": "reasoning_text", "text": "hm"},
        {"type": "reasoning", "content": [{"type": "reasoning_text", "text": "hm"}]},
        {"text": "hm", "thought": True},
    ],
)
def test_parts_that_are_thoughts_stand_before_the_text(part):
    assert text_of([part, TEXT, MORE]) == THOUGHT
    assert text_of([TEXT, MORE, part]) == THOUGHT


@pytest.mark.parametrize(
    "message",
    [
        {"reasoning": {"content": "hm"}},
        {"reasoning": [{"text": "hm"}]},
        {"reasoning_content": [{"type": "text", "text": "hm"}]},
        {"reasoning_details": [{"type": "reasoning.text", "text": "hm", "index": 0}]},
        {"reasoning": "hm", "reasoning_details": [{"type": "reasoning.text", "text": "hm"}]},
        {"reasoning_details": [{"type": "reasoning.summary", "summary": "hm"}]},
        {"reasoning": None, "thinking": "hm"},
        {"thinking_blocks": [{"type": "thinking", "thinking": "hm", "signature": "x"}]},
    ],
)
def test_thoughts_in_fields_of_any_form(message):
    assert text_of(SAID, **message) == THOUGHT


def test_thoughts_that_are_sent_twice_come_once():
    thinking = {"type": "thinking", "thinking": "hm"}
    assert text_of([thinking, TEXT, MORE], reasoning_content="hm") == THOUGHT


def test_thoughts_without_text_are_no_reason_to_fail():
    assert text_of(SAID, reasoning_details=[{"type": "reasoning.encrypted", "data": "g"}]) == SAID
    assert text_of(SAID, reasoning=7) == SAID


def test_parts_of_thoughts_that_ran_out_of_tokens_stay_open():
    assert text_of([{"type": "thinking", "thinking": "hm"}], "length") == "<think>\nhm"


SPOKEN_OF = [
    "so I write </think> and then Yes",
    "[/THINK] Yes",
    "<think>a</think> Yes",
    "</reason> b",
]


@pytest.mark.parametrize("thought", [*SPOKEN_OF, "I think so", " ".join(SPOKEN_OF)])
def test_a_thought_that_speaks_of_its_own_marks_stays_a_thought(thought):
    cut = text_of(None, "length", reasoning_content=thought)
    assert after_thinking(cut) is None
    for content in ("", "It is 5."):
        assert (
            after_thinking(text_of(content, reasoning_content=thought)) or ""
        ).strip() == content


def test_refusals():
    assert text_of([{"type": "refusal", "refusal": "No."}]) == "No."
    assert text_of(None, refusal="No.") == "No."
    assert text_of(None) == ""
    assert text_of([]) == ""


@pytest.mark.parametrize(
    "content",
    [
        *({"text": "42"}, 42, True, 1.5, [42], [[TEXT]], [None], [{"type": "text"}]),
        *([{"type": "image_url", "image_url": {}}], [{"type": "tool_use", "input": {}}]),
    ],
)
def test_what_is_no_text_is_never_a_sample(content):
    with pytest.raises(RetryableError, match="not in OpenAI's form") as caught:
        text_of(content)
    assert caught.value.billed
    assert "{'" not in str(caught.value)


def test_raw_texts_follow_the_same_rules():
    def raw(text: object) -> str:
        reply = raw_reply("")
        reply["choices"][0]["text"] = text
        return complete(answering(reply), call(RAW))[0].text

    assert raw([TEXT, MORE]) == SAID
    assert raw(None) == ""
    for text in ({"a": 1}, 7):
        with pytest.raises(RetryableError):
            raw(text)


def test_a_choice_whose_upstream_failed_is_no_sample():
    reply = chat_reply("one", "tw")
    reply["choices"][1] |= {"finish_reason": "error", "error": {"code": 502, "message": "died"}}
    assert [c.text for c in complete(answering(reply), call(CHAT, n=2))] == ["one"]
    del reply["choices"][0]
    with pytest.raises(RetryableError, match="died"):
        complete(answering(reply), call(CHAT, n=2))
