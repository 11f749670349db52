"""The most that a prompt can take, where nothing but a server knows its tokens."""

from __future__ import annotations

from ttc.core import Passage, Prompt

_TEMPLATE_TOKENS = 16  # what a chat template may add around each message


def token_bound(prompt: Prompt) -> int:
    """No byte-level tokenizer makes more tokens than bytes, template apart."""
    if isinstance(prompt, Passage):
        prompt = prompt.whole
    if prompt.text is not None:
        return len((prompt.text + prompt.prefill).encode("utf-8", "replace")) + _TEMPLATE_TOKENS
    size = sum(len(m.content.encode("utf-8", "replace")) for m in prompt.messages)
    return size + len(prompt.prefill.encode()) + _TEMPLATE_TOKENS * (len(prompt.messages) + 1)
