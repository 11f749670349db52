"""Residuals above and below zero: how lopsided a fit's misses are, and whether they hold together.

After "SPC-UQ" (arXiv 2509.13262). Of residuals whose mean is 0, the mean absolute residual (MAR)
follows from the mean size of those above (up) and of those below (down): with p the share above,
p up = (1 - p) down, so p = down / (up + down) and

    MAR = 2 p up = 2 up down / (up + down).

Where all three are means of the same residuals, MAR (up + down) - 2 up down = bias (up - down), so
what the identity misses is a bias of lopsided residuals; a bias of symmetric ones shows in the
bias alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ttc.analysis.errors import PoolError
from ttc.analysis.estimate import FloatArray


@dataclass(frozen=True)
class SplitResiduals:
    """Residuals split at zero; in the unit of what was fitted.

    residuals: how many; bias: their mean; mar: mean absolute residual; up, down: mean sizes of
    those above and below 0; above: share of those above. Residuals of exactly 0 count half on
    either side, for which the identity holds as it does without any. upper, lower: 95 % quantiles
    of the sizes above and below. What a side without residuals has is 0.
    """

    residuals: int
    bias: float
    mar: float
    up: float
    down: float
    above: float
    upper: float
    lower: float

    @property
    def discrepancy(self) -> float:
        """Self-consistency discrepancy, |2 up down - MAR (up + down)|, in the unit squared."""
        return abs(2 * self.up * self.down - self.mar * (self.up + self.down))

    @property
    def inconsistency(self) -> float:
        """The discrepancy over (up + down): how far MAR is from what up and down make of it, in
        the unit of the residuals, at most the size of the bias.
        """
        both = self.up + self.down
        return self.discrepancy / both if both > 0 else 0.0

    @property
    def widening(self) -> tuple[float, float]:
        """Factors, at least 1, by which the upper and the lower half of an interval are to grow.

        max(1, MAR down / ((2 down - MAR) up)) for the upper half: what `up` had to be for the
        identity to hold, over what it is; with up and down exchanged for the lower. Both are 1
        where the mean is 0, and where the bias is towards the side of the smaller residuals: MAR
        is then less than the identity says. Infinite where 2 down <= MAR, for which no `up` is
        large enough.
        """
        return _factor(self.mar, self.up, self.down), _factor(self.mar, self.down, self.up)

    @property
    def interval(self) -> tuple[float, float]:
        """From the lower to the upper 95 % quantile, each widened by its factor."""
        up, down = self.widening
        return (-self.lower * down if self.lower else 0.0, self.upper * up if self.upper else 0.0)

    def as_dict(self) -> dict[str, float | int | None]:
        """Plain numbers for JSON; None for what is infinite."""
        up, down = self.widening
        low, high = self.interval
        more = {
            "discrepancy": self.discrepancy,
            "inconsistency": self.inconsistency,
            "widening_up": up,
            "widening_down": down,
            "interval_low": low,
            "interval_high": high,
        }
        return {n: v if np.isfinite(v) else None for n, v in (vars(self) | more).items()}


def split_residuals(measured: ArrayLike, fitted: ArrayLike) -> SplitResiduals:
    """Residuals `measured - fitted`, of any one shape, split at zero; NaN pairs are left out.

    Raises `PoolError` where none is left or the shapes differ.
    """
    left, right = np.asarray(measured, dtype=np.float64), np.asarray(fitted, dtype=np.float64)
    if left.shape != right.shape:
        raise PoolError(f"measured has shape {left.shape}, fitted {right.shape}.")
    gap = (left - right).ravel()
    gap = gap[~np.isnan(gap)]
    if not len(gap):
        raise PoolError("There is no residual: nothing was both measured and fitted.")
    half = np.count_nonzero(gap == 0) / 2
    above, below = gap[gap > 0], -gap[gap < 0]
    return SplitResiduals(
        residuals=len(gap),
        bias=float(gap.mean()),
        mar=float(np.abs(gap).mean()),
        up=_mean_size(above, half),
        down=_mean_size(below, half),
        above=(len(above) + half) / len(gap),
        upper=float(np.quantile(above, 0.95)) if len(above) else 0.0,
        lower=float(np.quantile(below, 0.95)) if len(below) else 0.0,
    )


def _mean_size(sizes: FloatArray, zeros: float) -> float:
    return float(sizes.sum() / (len(sizes) + zeros)) if len(sizes) else 0.0


def _factor(mar: float, own: float, other: float) -> float:
    """MAR other / ((2 other - MAR) own), at least 1."""
    if own == 0:
        return 1.0
    room = 2 * other - mar
    return max(1.0, mar * other / (room * own)) if room > 0 else float("inf")
