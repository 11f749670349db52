"""What comes next in one context: a turn of the same chat, or more of the same raw text."""

from __future__ import annotations

from dataclasses import replace

from ttc.core import Message, Prompt, Sample
from ttc.errors import UsageError
from ttc.thinking import without_thinking


def next_turn(sample: Sample, tail: Prompt, part: str, mend: str = "") -> Prompt:
    """The sample's own prompt and text, and what follows. Of a chat's turn thoughts are left out,
    as chat templates do.

    part: who asks, and mend: what else to do, for the `UsageError` where one is a chat and the
    other a text.
    """
    before, text = sample.prompt, sample.completion.text
    if bool(before.messages) != bool(tail.messages):
        own, other = ("a chat", "a raw text") if before.messages else ("a raw text", "a chat")
        raise UsageError(
            f"{part!r} goes on in the solver's context, which is {own}, but its prompt is "
            f"{other}; choose one of the same form{mend}"
        )
    if not before.messages:
        return replace(before, prefill=before.prefill + text + (tail.text or "") + tail.prefill)
    said = Message("assistant", before.prefill + without_thinking(text))
    return Prompt((*before.messages, said, *tail.messages), prefill=tail.prefill)
