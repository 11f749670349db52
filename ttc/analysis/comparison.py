"""Self-consistency against verified selection on one compute axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ttc.analysis.estimate import FloatArray
from ttc.analysis.scaling import Frontier


@dataclass(frozen=True)
class Comparison:
    """Where verified selection first matches self-consistency, and what it then gains.

    plateau: best success of self-consistency; plateau_cost: the least cost that comes within
    `margin` of it; match_cost: the same for verified selection and that level, infinite where it
    never gets there within the measured range; gain: best verified success minus the plateau;
    gain_cost: the least cost that reaches it;
    dearest: the largest cost that was measured. A comparison at equal NUMBERS of solutions would
    flatter verification: all costs count its tokens.
    """

    plateau: float
    plateau_cost: float
    match_cost: float
    gain: float
    gain_cost: float
    verified: Frontier
    dearest: float

    @property
    def match_multiple(self) -> float:
        """Compute at which verification matches the plateau, over what the plateau needs."""
        return self.match_cost / self.plateau_cost

    @property
    def gain_multiple(self) -> float:
        """Compute of the largest gain, over what the plateau needs."""
        return self.gain_cost / self.plateau_cost

    def gain_at(self, multiple: float) -> float:
        """Gain over the plateau at a multiple of its compute; NaN beyond the measured range."""
        return self.gain_within(multiple * self.plateau_cost)

    def gain_within(self, budget: float) -> float:
        """Gain over the plateau at a budget; NaN beyond the measured range."""
        if budget > self.dearest * (1 + 1e-9):
            return float("nan")
        return float(self.verified.at(np.array([budget]))[0] - self.plateau)


def compare(
    voted: Frontier, verified: Frontier, margin: float = 0.005, dearest: float | None = None
) -> Comparison:
    """Compare two frontiers on one compute axis. dearest: largest cost of a verified cell.

    `margin` is in success probability: the plateau is reached where a curve comes within it, so
    that its last thousandths, which cost as much as all before, decide nothing.
    """
    plateau = float(voted.success[-1])
    level = plateau - margin
    return Comparison(
        plateau=plateau,
        plateau_cost=voted.reach(level),
        match_cost=verified.reach(level),
        gain=float(verified.success[-1] - plateau),
        gain_cost=float(verified.cost[-1]),
        verified=verified,
        dearest=float(verified.cost[-1]) if dearest is None else dearest,
    )


def multiples(comparison: Comparison) -> FloatArray:
    """Powers of two at which the gain lies within the measured range: 1, 2, 4 ..."""
    most = comparison.dearest / comparison.plateau_cost
    if not most >= 1:
        return np.zeros(0)
    return np.asarray(2.0 ** np.arange(int(np.log2(most) + 1e-9) + 1))
