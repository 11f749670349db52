"""Names at the ends of curves, in their colours, in place of a legend that covers them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ttc.analysis.estimate import FloatArray
from ttc.report.names import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_GAP = 0.052  # of the axes' height: a line of small letters


@dataclass(frozen=True)
class End:
    """Where a curve ends, in the data's units, and what it is called there."""

    x: float
    y: float
    text: str
    colour: str


def label_ends(axes: Axes, ends: Sequence[End], size: float = 8.0) -> None:
    """Write each curve's name to the right of the axes, at the height of its end.

    Names that would lie on each other are moved apart, with a thin line to where they belong. The
    axes' limits must not change any more.
    """
    low, high = axes.get_ylim()
    span = high - low or 1.0
    wanted = np.array([(end.y - low) / span for end in ends], dtype=np.float64)
    for end, height in zip(ends, apart(wanted, _GAP), strict=True):
        axes.annotate(
            label(end.text),
            (end.x, end.y),
            xytext=(1.02, height),
            textcoords="axes fraction",
            fontsize=size,
            color=end.colour,
            va="center",
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": end.colour, "linewidth": 0.5, "alpha": 0.6},
        )


def apart(wanted: FloatArray, gap: float, low: float = 0.0, high: float = 1.0) -> FloatArray:
    """Places as near to the wanted ones as they can be in their order, at least `gap` apart.

    wanted: (n,) in any order; returns (n,). Within low and high, where there is room for all. Each
    cluster of places that would touch stands around the mean of what its members want.
    """
    if not len(wanted):
        return wanted
    order = np.argsort(wanted, kind="stable")
    steps = np.arange(len(wanted)) * gap
    shifted = _rising(np.clip(wanted, low, high)[order] - steps)
    most = max(high - float(steps[-1]), low)
    found = np.empty(len(wanted))
    found[order] = np.clip(shifted, low, most) + steps
    return found


def _rising(values: FloatArray) -> FloatArray:
    """The nearest rising sequence by least squares (pool adjacent violators)."""
    blocks: list[tuple[float, int]] = []
    for value in values.tolist():
        blocks.append((value, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (a, n), (b, m) = blocks[-2], blocks[-1]
            blocks[-2:] = [((a * n + b * m) / (n + m), n + m)]
    return np.concatenate([np.full(n, value) for value, n in blocks])
