"""Log-probabilities of given texts, by transformers."""

from __future__ import annotations

from typing import Any

from ttc.core import TokenLogprob


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
