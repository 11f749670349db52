"""Figures of a scaling fit, in colours that colour-blind readers and printers keep apart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ttc.analysis.estimate import IntArray
from ttc.pipeline.scaling import MethodFit, ScalingFit
from ttc.report.drawing import write_figures
from ttc.report.looks import BLACK, COLOURS
from ttc.report.names import axis, label
from ttc.report.panels import panels
from ttc.report.success_figure import success_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Line style and marker tell the curves apart without colours.
_STYLES = ("-", "--", "-.", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (3, 1)))
_MARKERS = ("o", "s", "^", "D", "v", "P")
_HEADROOM = 1.45  # of the logarithmic axis, so that the legend covers no curve


def draw(fit: ScalingFit, title: str, folder: Path) -> list[Path]:
    """Write the figures, see `write_figures`; returns the PNGs."""
    return write_figures(fit_figures(fit, title), folder)


def fit_figures(fit: ScalingFit, title: str) -> dict[str, Figure]:
    """`success`, `surface`, `allocation` and `coverage`."""
    return {name: make(fit, title) for name, make in MAKERS.items()}


def _compute_axis(axes: Axes, fit: ScalingFit) -> None:
    base = {"base": 2} if fit.unit == "c" else {"base": 10}
    axes.set_xscale("log", **base)
    axes.set_xlabel(f"compute per problem C, {axis(fit.unit)}")
    axes.grid(alpha=0.25)


def _surface(fit: ScalingFit, title: str) -> Figure:
    """Success over S and V with the best cells by budget."""
    figure, places = panels(len(fit.methods))
    values = np.concatenate([method.surface.ravel() for method in fit.methods])
    limits = {"vmin": np.nanmin(values), "vmax": np.nanmax(values)}
    image = None
    for method, axes in zip(fit.methods, places, strict=True):
        rows = ~np.isnan(method.surface).all(axis=1)
        sizes, depths = method.setting.S[rows], method.setting.V
        shown = method.surface[rows].T
        image = axes.imshow(
            shown, origin="lower", aspect="auto", cmap="cividis", label="_success rate", **limits
        )
        axes.set_xticks(range(len(sizes)), [str(s) for s in sizes])
        axes.set_yticks(range(len(depths)), [str(v) for v in depths])
        best = method.analysis.verified
        x, y = np.searchsorted(sizes, best.S), np.searchsorted(depths, best.V)
        _draw_path(axes, method, sizes)
        axes.plot(
            x, y, "o", color="white", markeredgecolor="black", label="best cell in its budget"
        )
        axes.set_xlabel("solutions S")
        axes.set_ylabel("verifications per solution V")
        axes.set_title(label(f"{title}: {method.label}"), fontsize=9, loc="left")
    handles, names = places[0].get_legend_handles_labels()
    figure.legend(handles, names, fontsize=7, loc="outside lower left", ncols=2)
    assert image is not None
    figure.colorbar(image, ax=places, label="success rate")
    return figure


def _draw_path(axes: Axes, method: MethodFit, sizes: IntArray) -> None:
    """The optimum between cells, in the picture's coordinates: places of cells."""
    from matplotlib.patheffects import Normal, Stroke

    path = method.analysis.paths.get("spline")
    if path is None:
        return
    x, y = (
        np.interp(np.log(values), np.log(ticks), np.arange(len(ticks)))
        for values, ticks in ((path.S, sizes), (path.V, method.setting.V))
    )
    edge = [Stroke(linewidth=3.5, foreground="black"), Normal()]  # light cells are white in grey
    look: dict[str, Any] = {"color": "white", "linewidth": 2, "path_effects": edge}
    axes.plot(x, y, "-", label="optimum between cells", **look)


def _allocation(fit: ScalingFit, title: str) -> Figure:
    """Best S and V against compute on log axes: measured cells, optimum between them, the law."""
    figure, places = panels(len(fit.methods))
    for method, axes in zip(fit.methods, places, strict=True):
        best = method.analysis.verified
        for k, (noun, letter) in enumerate((("S", "a"), ("V", "b"))):
            colour, marker = COLOURS[k], _MARKERS[k]
            measured = best.S if noun == "S" else best.V
            law = _power(method, noun, "grid", letter)
            axes.plot(
                best.cost,
                measured,
                marker,
                color=colour,
                fillstyle="none",
                markersize=5,
                label=law,
            )
            # Lines of S and of V differ without their colours, too.
            law_style, spline_style = (("-", ":"), ("--", "-."))[k]
            for style, width, procedure in ((law_style, 1.8, "law"), (spline_style, 1.2, "spline")):
                path = method.analysis.paths.get(procedure)
                if path is None or not len(path.cost):
                    continue
                line = path.S if noun == "S" else path.V
                law = _power(method, noun, procedure, letter)
                axes.plot(path.cost, line, style, color=colour, linewidth=width, label=law)
        axes.set_yscale("log", base=2)
        low, high = axes.get_ylim()
        axes.set_ylim(low, low * (high / low) ** _HEADROOM)
        _compute_axis(axes, fit)
        axes.set_ylabel("compute-optimal S and V")
        said = label(f"{title}: {method.label}, {_level(fit)} intervals")
        axes.set_title(said, fontsize=9, loc="left")
        axes.legend(fontsize=7, frameon=False, loc="upper left")
    return figure


def _power(method: MethodFit, noun: str, procedure: str, letter: str) -> str:
    """The legend's entry of a power law, with the interval of its exponent."""
    one = method.figures[f"{procedure}_{letter}"]
    if method.growth["ab".index(letter)].refused or one.estimate != one.estimate:
        return f"{noun}, {procedure}"
    return f"{noun}, {procedure}: C^{one.estimate:.2f} ({one.low:.2f} to {one.high:.2f})"


def _level(fit: ScalingFit) -> str:
    return f"{100 * fit.request.level:g} %"


def _coverage(fit: ScalingFit, title: str) -> Figure:
    """Coverage against k with the fitted laws, and what half of the pool predicted of the rest."""
    figure, places = panels(len(fit.coverage))
    for one, axes in zip(fit.coverage, places, strict=True):
        found = one.fit
        low, high = found.intervals["measured"]
        axes.plot(found.k, found.measured, "o", color=BLACK, markersize=4, label="measured")
        axes.fill_between(found.k, low, high, color=BLACK, alpha=0.12, linewidth=0)
        names = {"law": "exp(a k^b)", "beta": "beta-binomial"}
        for i, (name, text) in enumerate(names.items()):
            curve = getattr(found, name).pass_at_k(found.k)
            axes.plot(found.k, curve, _STYLES[i], color=COLOURS[i], label=text)
            if found.check is not None:
                told = found.check.predictions[name].mean(axis=0)
                fitted = f"{text} fitted on {found.check.fitted}"
                axes.plot(
                    found.check.k, told, (":", "-.")[i], color=COLOURS[i], linewidth=2, label=fitted
                )
        axes.set_xscale("log", base=2)
        axes.set_xlabel("solutions k")
        axes.set_ylabel("coverage, pass@k")
        axes.grid(alpha=0.25)
        band = f"band: {_level(fit)} over {fit.problems} problems"
        axes.set_title(label(f"{title}: {fit.called(one.run)} ({band})"), fontsize=9, loc="left")
        axes.legend(fontsize=8, frameon=False, loc="lower right")
    return figure


MAKERS = {
    "success": success_figure,
    "surface": _surface,
    "allocation": _allocation,
    "coverage": _coverage,
}
"""By name, what makes a figure of a fit and its title."""
