"""All figures of a scaling fit as functions of mean success, so that resamples give intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np

from ttc.analysis.allocation import Path, Surface, interpolated, optimal_path
from ttc.analysis.comparison import Comparison, compare
from ttc.analysis.estimate import BoolArray, FloatArray, IntArray
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
    pool's end, so that it has none, and nothing can be compared beyond; checked: whether dearer
    budgets are predicted from cheaper ones, a check of the pool at hand and no estimate.
    """

    S: IntArray
    V: IntArray
    voting: LinearCost
    verifying: LinearCost
    margin: float = 0.005
    rising: bool = False
    checked: bool = True

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
            "best_success": float(self.verified.success[-1]),
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
    voted: FloatArray,
    verified: FloatArray,
    settings: Sequence[Setting],
    like: Sequence[Analysis] | None = None,
) -> list[Analysis]:
    """Fit mean success, on each axis of compute. voted: (S,); verified: (S, V), NaN unavailable.

    settings: of the same S and V; the law of the surface is the same for all. like: fits nearby,
    whose surface law is begun from and whose paths end at the same budgets.

    Raises `ValueError` where no cell of either is there.
    """
    S, V = settings[0].S, settings[0].V
    rows = np.asarray(~np.isnan(verified).all(axis=1))
    success = verified[rows]
    if np.isnan(voted).all() or np.isnan(success).all():
        raise ValueError("there is no cell to fit")
    law = fit_surface(success, S[rows], V, like[0].surface if like else None)
    surfaces = {"spline": interpolated(success, S[rows], V), "law": law}
    before: Sequence[Analysis | None] = like or [None] * len(settings)
    return [
        _on_axis(voted, success, rows, surfaces, setting, one)
        for setting, one in zip(settings, before, strict=True)
    ]


def _on_axis(
    voted: FloatArray,
    success: FloatArray,
    rows: BoolArray,
    surfaces: Mapping[str, Surface | None],
    setting: Setting,
    like: Analysis | None,
) -> Analysis:
    none = np.zeros(1, dtype=np.int64)
    S, V, law = setting.S[rows], setting.V, surfaces["law"]
    assert law is None or isinstance(law, SurfaceLaw)
    costs = setting.costs[rows]
    sc = frontier(
        voted[:, None], setting.voting(setting.S[:, None], none[None, :]), setting.S, none
    )
    best = frontier(success, costs, S, V)
    paths = {
        name: optimal_path(surface, setting.verifying, int(S[-1]), int(V[-1]), _end(like, name))
        for name, surface in surfaces.items()
        if surface is not None
    }
    last = float(costs[~np.isnan(success)].max())
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
        dearer=predict_dearer(success, S, V, setting.verifying, law) if setting.checked else None,
        last=last,
    )


def _end(like: Analysis | None, name: str) -> float | None:
    """The last budget of a fit's path, below all budgets where it has none."""
    if like is None or name not in like.paths:
        return None
    cost = like.paths[name].cost
    return float(cost[-1]) if len(cost) else 0.0


def resample(
    voted: FloatArray,
    verified: FloatArray,
    settings: Sequence[Sequence[Setting]],
    whole: Sequence[Analysis],
    each: Callable[[], None] | None = None,
) -> list[dict[str, FloatArray]]:
    """Figures of each draw by name, (draws,), on each axis.

    voted: (draws, S); verified: (draws, S, V), as resampled means; settings: of each draw, for each
    axis, whose costs are those of its problems; each: called after each draw. Draws are shared out
    where `joblib.parallel_config` says so: a draw is a mean for each cell, so these travel.
    """
    parts = _parts(voted, verified, settings)
    if len(parts) == 1:
        made = _analysed(*parts[0], whole, each)
    else:
        from joblib import Parallel, delayed

        found_by = Parallel(n_jobs=None)(delayed(_analysed)(*part, whole) for part in parts)
        made = [one for part in found_by for one in part]
        if each is not None:
            for _ in made:
                each()
    found = []
    for axis, one in enumerate(whole):
        rows = [of_draw[axis] for of_draw in made]
        found.append({name: np.array([row[name] for row in rows]) for name in one.figures()})
    return found


_Part = tuple[FloatArray, FloatArray, Sequence[Sequence[Setting]]]
"""Some draws: voted, verified and settings, see `resample`."""
_BATCHES = 4


def _parts(
    voted: FloatArray, verified: FloatArray, settings: Sequence[Sequence[Setting]]
) -> list[_Part]:
    """All draws as one part, or some parts for each of several processes."""
    from joblib import effective_n_jobs

    jobs = effective_n_jobs(None)
    n = 1 if jobs == 1 else max(1, min(len(voted), _BATCHES * jobs))
    ends = np.linspace(0, len(voted), n + 1).astype(int)
    return [(voted[a:b], verified[a:b], settings[a:b]) for a, b in pairwise(ends)]


def _analysed(
    voted: FloatArray,
    verified: FloatArray,
    settings: Sequence[Sequence[Setting]],
    whole: Sequence[Analysis],
    each: Callable[[], None] | None = None,
) -> list[list[dict[str, float]]]:
    """Of each draw, the figures on each axis."""
    made = []
    for row, cells, of_draw in zip(voted, verified, settings, strict=True):
        made.append([one.figures() for one in analyse(row, cells, of_draw, whole)])
        if each is not None:
            each()
    return made
