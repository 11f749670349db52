"""All figures of a scaling fit as functions of mean success, so that resamples give intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from ttc.analysis.allocation import Path, interpolated, optimal_path
from ttc.analysis.comparison import Comparison, compare
from ttc.analysis.estimate import FloatArray, IntArray
from ttc.analysis.out_of_sample import DearerError, predict_dearer
from ttc.analysis.scaling import Frontier, LinearCost, PowerLaw, fit_power_law, frontier
from ttc.analysis.surface import SurfaceLaw, fit_surface

Laws = tuple[PowerLaw, PowerLaw]
"""Power laws of S and of V."""

PROCEDURES = ("grid", "spline", "law")


@dataclass(frozen=True)
class Setting:
    """What is given beside success.

    S: values of S; V: values of V >= 1; voting, verifying: costs without and with verification,
    those of the resample where problems are resampled; margin: how near to its plateau
    self-consistency has reached it, in success probability; rising: whether it still rises at the
    pool's end, so that it has none, and nothing can be compared beyond.
    """

    S: IntArray
    V: IntArray
    voting: LinearCost
    verifying: LinearCost
    margin: float = 0.005
    rising: bool = False

    @property
    def costs(self) -> FloatArray:
        """(S, V) cost of each verified cell."""
        return self.verifying(self.S[:, None], self.V[None, :])


@dataclass(frozen=True)
class Analysis:
    """The fit of one verified policy against self-consistency.

    laws and paths: by procedure. `grid` is like the paper's: the best cells of the grid (without
    those at its upper edge); `spline` the optimum between cells; `law` that of the fitted surface
    law. last: the largest cost at which the two can be compared.
    """

    voted: Frontier
    verified: Frontier
    comparison: Comparison
    laws: dict[str, Laws]
    paths: dict[str, Path]
    surface: SurfaceLaw | None
    dearer: DearerError | None
    last: float

    def figures(self) -> dict[str, float]:
        """All numbers by name; NaN where one can't be told, infinite for "never in the range"."""
        found = {
            "crossover": self.comparison.crossover,
            "sc_plateau": self.comparison.plateau,
            "sc_plateau_cost": self.comparison.plateau_cost,
            "match_cost": self.comparison.match_cost,
            "match_multiple": self.comparison.match_multiple,
            "gain": self.comparison.gain,
            "gain_multiple": self.comparison.gain_multiple,
        }
        for name in PROCEDURES:
            for letter, law in zip("ab", self.laws[name], strict=True):
                found[f"{name}_{letter}"] = law.exponent
        for part, prefix in ((self.surface, "surface"), (self.dearer, "dearer")):
            kind = SurfaceLaw if prefix == "surface" else DearerError
            for field in fields(kind):
                value = float("nan") if part is None else float(getattr(part, field.name))
                found[f"{prefix}_{field.name}"] = value
        return found


def analyse(
    voted: FloatArray, verified: FloatArray, setting: Setting, like: Analysis | None = None
) -> Analysis:
    """Fit mean success. voted: (S,); verified: (S, V), NaN where unavailable.

    like: a fit nearby, whose surface law is begun from and whose paths end at the same budgets.

    Raises `ValueError` where no cell of either is there.
    """
    none = np.zeros(1, dtype=np.int64)
    costs = setting.voting(setting.S[:, None], none[None, :])
    sc = frontier(voted[:, None], costs, setting.S, none)
    rows = ~np.isnan(verified).all(axis=1)
    S, V, success = setting.S[rows], setting.V, verified[rows]
    best = frontier(success, setting.costs[rows], S, V)
    if not len(sc.cost) or not len(best.cost):
        raise ValueError("there is no cell to fit")
    law = fit_surface(success, S, V, None if like is None else like.surface)
    surfaces = {"spline": interpolated(success, S, V), "law": law}
    paths = {
        name: optimal_path(surface, setting.verifying, int(S[-1]), int(V[-1]), _end(like, name))
        for name, surface in surfaces.items()
        if surface is not None
    }
    last = float(setting.costs[rows][~np.isnan(success)].max())
    if setting.rising:
        last = min(last, float(sc.cost[-1]))
    inner = best.inner(int(S[-1]), int(V[-1]))
    nothing = PowerLaw(float("nan"), float("nan"))
    laws: dict[str, Laws] = dict.fromkeys(PROCEDURES, (nothing, nothing))
    laws["grid"] = fit_power_law(inner.cost, inner.S), fit_power_law(inner.cost, inner.V)
    laws |= {name: path.laws() for name, path in paths.items()}
    return Analysis(
        voted=sc,
        verified=best,
        comparison=compare(sc, best, last, setting.margin, setting.rising),
        laws=laws,
        paths=paths,
        surface=law,
        dearer=predict_dearer(success, S, V, setting.verifying, law),
        last=last,
    )


def _end(like: Analysis | None, name: str) -> float | None:
    """The last budget of a fit's path, below all budgets where it has none."""
    if like is None or name not in like.paths:
        return None
    cost = like.paths[name].cost
    return float(cost[-1]) if len(cost) else 0.0


@dataclass(frozen=True)
class Resampled:
    """Figures and curves under resamples of problems, (draws, ...) each.

    figures: by name; voted, verified: success at `budgets`.
    """

    figures: dict[str, FloatArray]
    voted: FloatArray
    verified: FloatArray


def resample(
    voted: FloatArray,
    verified: FloatArray,
    settings: Sequence[Setting],
    whole: Analysis,
    budgets: FloatArray,
) -> Resampled:
    """`analyse` each draw. voted: (draws, S); verified: (draws, S, V), as resampled means.

    settings: of each draw, whose costs are those of its problems.
    """
    made = [
        analyse(row, cells, setting, whole)
        for row, cells, setting in zip(voted, verified, settings, strict=True)
    ]
    names = whole.figures()
    rows = [one.figures() for one in made]
    return Resampled(
        figures={name: np.array([row[name] for row in rows]) for name in names},
        voted=np.array([one.voted.at(budgets) for one in made]),
        verified=np.array([one.verified.at(budgets) for one in made]),
    )
