"""Log-probabilities of given texts, by transformers."""

from __future__ import annotations

from typing import Any

from ttc.backends.common.weights import tokenize
from ttc.core import Passage, Prompt, TokenLogprob


def token_ids(tokenizer: Any, passage: Passage) -> tuple[list[int], list[int]]:
    """Token ids of what stands before the steps, and of the steps, each tokenized by itself."""
    before = tokenize(tokenizer, Prompt(passage.messages, passage.text, passage.prefill))
    steps = [tokenizer(step, add_special_tokens=False)["input_ids"] for step in passage.steps]
    return before, [token for step in steps for token in step]


def token_logprobs(
    model: Any, tokenizer: Any, before: list[int], after: list[int]
) -> tuple[TokenLogprob, ...]:
    """Each token of `after` with its log-probability behind all that stands before it.

    Where nothing does, the first has none and is left out.
    """
    import torch

    ids = torch.tensor([before + after], device=model.device)
    start = max(1, len(before))
    with torch.inference_mode():
        logits = model(input_ids=ids, use_cache=False).logits[0, start - 1 : -1].float()
    chosen = ids[0, start:]
    found = logits.log_softmax(dim=-1).gather(-1, chosen[:, None])[:, 0].tolist()
    return tuple(
        TokenLogprob(tokenizer.decode([token]), logprob)
        for token, logprob in zip(chosen.tolist(), found, strict=True)
    )
