"""The numbers that a pooling server gives, as the scores of steps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ttc.backends.common.rewards import Layout
from ttc.errors import BackendError, CallFailed

_GOOD = {"qwen": 1, "math-shepherd": 0, "rlhflow": 0}
"""Which of two numbers is that of a good step; vLLM gives the words of `returned_token_ids` in
their order, which is to be + and then -."""
_NEAR = 0.02  # of half-precision probabilities, by which a sum may miss 1


class Malformed(Exception):
    """A reply that has no rows for what was asked."""


def rows_of(reply: Mapping[str, Any], layout: Layout) -> list[Sequence[float]]:
    """The row of each step: those at their places, where there is one for each token, or all, where
    the server has picked them by the token that ends steps. Raises `Malformed`.
    """
    try:
        (found,) = reply["data"]
        data = found["data"]
        rows = [[float(x) for x in (row if isinstance(row, list) else [row])] for row in data]
    except (KeyError, TypeError, ValueError, OverflowError) as problem:
        raise Malformed(
            f"the reply is not in the form of vLLM's pooling ({problem!r:.80})"
        ) from None
    if len(rows) == len(layout.ids):
        return [rows[place] for place in layout.places]
    if len(rows) == len(layout.places):
        return list(rows)
    raise Malformed(
        f"{len(rows)} rows came for {len(layout.ids)} tokens with {len(layout.places)} steps"
    )


def probability(row: Sequence[float], form: str, values: str) -> float:
    """P(right) of a row: one number, or one of two. Raises `BackendError` where it is another kind
    of model, or of values, that is served; `CallFailed` for what is no number.
    """
    if any(map(math.isnan, row)):
        raise CallFailed("the model gives no number as a score", "no_probability")
    wanted = 2 if form in _GOOD else 1
    if len(row) != wanted:
        raise BackendError(
            f"the server gives {len(row)} numbers for a step, a {form} reward model {wanted}; "
            "serve it as docs/how-to/use-a-reward-model.md says, or set the backend's reward"
        )
    if values == "logits":
        return _from_logits(row, form)
    sure = 0 <= row[0] <= 1 and (wanted == 1 or abs(math.fsum(row) - 1) <= _NEAR)
    if not sure:
        raise BackendError(
            f"the server gives no probabilities ({', '.join(f'{x:.4g}' for x in row)}); where it "
            "applies no activation, set the backend's values: logits"
        )
    return row[0] if wanted == 1 else min(1.0, max(0.0, row[_GOOD[form]]))


def _from_logits(row: Sequence[float], form: str) -> float:
    """Sigmoid of one number; of two, that of their difference."""
    odds = row[0] if len(row) == 1 else row[_GOOD[form]] - row[1 - _GOOD[form]]
    return 1 / (1 + math.exp(-odds)) if odds > -700 else 0.0
