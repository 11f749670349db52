"""From logits to a token, with torch: one independent random stream per sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ttc.core import SamplingParams


class Dice:
    """One generator per sample, seeded by that sample's seed alone."""

    def __init__(self, seeds: Sequence[int]) -> None:
        import torch

        self._generators = [torch.Generator().manual_seed(seed % 2**63) for seed in seeds]

    def roll(self, rows: Sequence[int]) -> Any:
        """A uniform number in [0, 1) for each of these samples: (rows,) float64."""
        import torch

        draws = [
            torch.rand((), generator=self._generators[row], dtype=torch.float64) for row in rows
        ]
        return torch.stack(draws)


def choose(logits: Any, params: SamplingParams, uniforms: Any) -> Any:
    """Next tokens (rows,) from logits (rows, vocabulary) float32; greedy at temperature 0."""
    import torch

    if params.temperature == 0:
        return logits.argmax(dim=-1)
    ranked, order = torch.sort(logits / params.temperature, dim=-1, descending=True, stable=True)
    p = torch.softmax(ranked, dim=-1)
    if params.top_k is not None:
        p[:, params.top_k :] = 0
    if params.top_p < 1:
        # A token stays while the mass before it is short of top_p, so the first always does.
        p[p.cumsum(dim=-1) - p >= params.top_p] = 0
    steps = p.double().cumsum(dim=-1)
    target = uniforms.to(logits.device)[:, None] * steps[:, -1:]
    place = torch.searchsorted(steps, target, right=True).clamp(max=p.shape[-1] - 1)
    return order.gather(-1, place)[:, 0]
