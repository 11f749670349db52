"""What is kept of the log-probabilities of a sample's tokens."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from ttc.core import TokenLogprob


def mean_logprob(tokens: Iterable[TokenLogprob]) -> float | None:
    """Mean over the tokens whose logprob is known, None where there are none."""
    values = [t.logprob for t in tokens if not math.isnan(t.logprob)]
    return sum(values) / len(values) if values else None


def keep(tokens: Sequence[TokenLogprob], last: int | None) -> tuple[TokenLogprob, ...]:
    """The last so many tokens, all of them for None."""
    return tuple(tokens if last is None else tokens[max(0, len(tokens) - last) :])
