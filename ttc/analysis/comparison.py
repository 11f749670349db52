"""Self-consistency against verified selection on one compute axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ttc.analysis.scaling import Frontier

_EQUAL = 1e-9


@dataclass(frozen=True)
class Comparison:
    """Where verified selection passes self-consistency, and what it then gains.

    crossover: the least cost from which on verified selection is ahead, up to the end of what can
    be compared; infinite where it is not ahead there. plateau: best success of self-consistency;
    plateau_cost: the least cost that comes within `margin` of it; match_cost: the same for verified
    selection and that level, infinite where it never gets there within the measured range; gain:
    best verified success minus the plateau; gain_cost: the least cost that reaches it. What is
    about a plateau is NaN where the vote still rises at the pool's end, so that it has none.
    A comparison at equal NUMBERS of solutions would flatter verification: all costs count its
    tokens.
    """

    crossover: float
    plateau: float
    plateau_cost: float
    match_cost: float
    gain: float
    gain_cost: float

    @property
    def match_multiple(self) -> float:
        """Compute at which verification matches the plateau, over what the plateau needs."""
        return self.match_cost / self.plateau_cost

    @property
    def gain_multiple(self) -> float:
        """Compute of the largest gain, over what the plateau needs."""
        return self.gain_cost / self.plateau_cost


def compare(
    voted: Frontier, verified: Frontier, last: float, margin: float = 0.005, rising: bool = False
) -> Comparison:
    """Compare two frontiers on one compute axis, up to a cost of `last`.

    `margin` is in success probability: the plateau is reached where a curve comes within it, so
    that its last thousandths, which cost as much as all before, decide nothing. It decides much of
    the figures about the plateau, which is why the crossover comes first: that needs none.
    rising: the vote still rises at the pool's end, see `Comparison`.
    """
    plateau = float(voted.success[-1])
    level, nothing = plateau - margin, float("nan")
    return Comparison(
        crossover=crossover(voted, verified, last),
        plateau=plateau,
        plateau_cost=nothing if rising else voted.reach(level),
        match_cost=nothing if rising else verified.reach(level),
        gain=nothing if rising else float(verified.success[-1] - plateau),
        gain_cost=nothing if rising else float(verified.cost[-1]),
    )


def crossover(voted: Frontier, verified: Frontier, last: float) -> float:
    """The least cost from which on the verified frontier is above the vote's, up to `last`.

    Both are lines over log cost between their cells (`Frontier.at`), so is their gap. Infinite
    where the vote is not passed at `last`.
    """
    knots = np.unique(np.concatenate([voted.cost, verified.cost, [last]]))
    knots = knots[(knots >= verified.cost[0]) & (knots <= last * (1 + 1e-9))]
    if not len(knots):
        return float("inf")
    gap = verified.at(knots) - voted.at(knots)
    ahead = gap > _EQUAL
    if not ahead[-1]:
        return float("inf")
    if ahead.all():
        return float(knots[0])
    i = int(np.flatnonzero(~ahead)[-1])
    share = -gap[i] / (gap[i + 1] - gap[i])
    return float(np.exp(np.log(knots[i]) + share * (np.log(knots[i + 1]) - np.log(knots[i]))))
