"""How much of a prompt is an earlier sample's prompt and text, which need not be read anew."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ttc.core import Completion, Passage, Prompt


@dataclass(frozen=True, slots=True)
class Opening:
    """A prompt that was computed, by the length and a digest of its plain text: whoever asks a
    thousand steps one after the other must not keep their texts.
    """

    length: int
    digest: bytes

    @classmethod
    def of(cls, text: str) -> Opening:
        """text: of the prompt, by `plain_text`."""
        return cls(len(text), _digest(text))


def repeated(text: str, opening: Opening, sample: Completion) -> int:
    """Tokens at the beginning of a prompt that a sample's own prompt and text have.

    text: of the prompt, by `plain_text`. opening: of the sample's prompt. Of a text that is
    repeated in part only its share of the tokens counts, rounded down, and never more tokens than
    bytes: a sample may have thoughts that its text does not show. Nothing counts where the prompt
    begins in another way.
    """
    if len(text) < opening.length or _digest(text[: opening.length]) != opening.digest:
        return 0
    drawn = sample.text + (sample.stopped_by or "")
    if not drawn:
        return sample.prompt_tokens
    more = text[opening.length : opening.length + len(drawn)]
    apart = (i for i, (one, other) in enumerate(zip(more, drawn, strict=False)) if one != other)
    shared = next(apart, len(more))
    share = sample.completion_tokens * shared // len(drawn)
    return sample.prompt_tokens + min(share, len(more[:shared].encode("utf-8", "surrogatepass")))


def plain_text(prompt: Prompt) -> str:
    """A prompt as one text, which begins with that of any prompt that it continues."""
    turns = "".join(f"\0{m.role}\1{m.content}" for m in prompt.messages)
    begun = f"{turns}\0assistant\1" if prompt.messages else prompt.text or ""
    steps = "".join(prompt.steps) if isinstance(prompt, Passage) else ""
    return begun + prompt.prefill + steps


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
