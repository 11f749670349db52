"""Whether a text ended at a stop text, by itself or by its length; see `Completion.stopped_by`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_FIELDS = ("stop_reason", "matched_stop")  # vLLM's word for it, and SGLang's

_OTHERWISE = ("length", "content_filter", "tool_calls", "function_call", "eos_token")


def first_stop(text: str, stops: Sequence[str]) -> tuple[int, str]:
    """Where a text is to be cut, and the stop text that stands there; its end and "" for none."""
    found = ((at, stop) for stop in stops if (at := text.find(stop)) >= 0)
    return min(found, key=lambda one: one[0], default=(len(text), ""))


def stopped_by(choice: Mapping[str, Any], stops: Sequence[str]) -> str | None:
    """What a server says of it. Plain OpenAI says no more than "stop": None where stops were given.

    A stop text is named as it was asked for; a number is a token that ends texts, and so is none.
    """
    finish = choice.get("finish_reason")
    if not stops or finish in _OTHERWISE:
        return ""
    more = choice.get("provider_specific_fields")  # where litellm puts what OpenAI has not
    for source in (choice, more if isinstance(more, Mapping) else {}):
        for name in _FIELDS:
            if name in source:
                return told(source[name], stops)
    return None


def told(reason: object, stops: Sequence[str]) -> str | None:
    """A stop reason in vLLM's form: a text, a token's number, or None at the end of the text."""
    if not isinstance(reason, str):
        return ""
    return reason if reason in stops else None  # some server's other word: nobody knows
