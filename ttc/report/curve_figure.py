"""Success against compute as a figure: a curve a policy, its band, S and V at its points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ttc.errors import UsageError
from ttc.pipeline.facts import choosable
from ttc.report.curves import UNITS
from ttc.report.direct_labels import End, label_ends, label_points
from ttc.report.drawing import FORMATS, Format, data_file, write_figures
from ttc.report.looks import COLOURS, GREY, PAGE
from ttc.report.names import axis, label, shown_policy
from ttc.store.overwriting import new_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Row = Mapping[str, Any]
_STYLES = ("-", "--", "-.", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (3, 1)), (0, (1, 1)))
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")


def curve_figure(rows: Sequence[Row], title: str, unit: str = "tokens") -> Figure:
    """Success of each policy (and verifier) against compute in a unit, with bands.

    rows: of the `curves` table. Of a policy that reads verifications, the cells that are better
    than every cheaper one of it make the curve, each with its S x V; these are chosen on the
    problems shown. Raises `UsageError` for a unit that no row has.
    """
    from matplotlib.figure import Figure

    curves = _curves(rows, unit)
    if not curves:
        raise UsageError(f"no row has a cost in {unit}; choose another --unit")
    figure = Figure(figsize=(PAGE, 4.3), layout="constrained")
    axes = figure.subplots()
    ordered = dict(sorted(curves.items(), key=_by_success))
    looks = [_look(own[0], i) for i, own in enumerate(ordered.values())]
    drawn = list(zip(ordered.items(), looks, strict=True))
    ends = [_draw(axes, name, own, look, unit) for (name, own), look in drawn]
    axes.set_xscale("log", base=2 if unit == "c" else 10)
    axes.set_xlabel(f"compute per problem, {axis(unit)}")
    axes.set_ylabel("success rate")
    axes.grid(alpha=0.25)
    axes.set_ylim(*_limits(rows))
    axes.set_xlim(*axes.get_xlim())
    points = [(own, look["color"]) for (_, own), look in drawn]
    label_points(axes, _at_points(points, unit))
    label_ends(axes, ends)
    axes.set_title(label(f"{title} ({_band(rows)})"), fontsize=9, loc="left")
    return figure


def write_curves(figure: Figure, path: Path) -> list[Path]:
    """Write a figure as PNG, SVG or PDF, by the file's ending, and beside it what it shows as CSV.

    Returns both. Raises `UsageError` for another ending, and `TtcError` where they can't be
    written.
    """
    ending = figure_file(path, force=True)
    (drawn,) = write_figures({path.stem: figure}, path.parent, (ending,))
    return [drawn, data_file(path.parent, path.stem)]


def figure_file(path: Path, force: bool) -> Format:
    """The format of a figure's file by its ending. Raises `UsageError` for another ending, and for
    a file that is there, as it is or as the table beside it, and is not to be replaced.
    """
    ending = next((one for one in FORMATS if path.suffix.lower() == f".{one}"), None)
    if ending is None or not path.stem:
        raise UsageError(f"--plot {path}: the file's name must end in .png, .svg or .pdf")
    new_file(path, force, [data_file(path.parent, path.stem)])
    return ending


def _curves(rows: Sequence[Row], unit: str) -> dict[str, list[Row]]:
    """The points of each curve by its name, the cheapest first."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        cost = row.get(UNITS[unit])
        if cost is not None and cost == cost and cost > 0:
            found.setdefault(_name(row), []).append(row)
    return {name: _rising(own, UNITS[unit]) for name, own in found.items()}


def _name(row: Row) -> str:
    return shown_policy(str(row["policy"])) + (f" ({row['verifier']})" if row["verifier"] else "")


def _rising(rows: Sequence[Row], cost: str) -> list[Row]:
    """Points by cost; of cells over S and V, those that are better than any cheaper one."""
    ordered = sorted(rows, key=lambda row: (row[cost], -row["success"]))
    if not any(row["V"] for row in rows):
        return ordered
    best: list[Row] = []
    for row in ordered:
        if not best or row["success"] > best[-1]["success"]:
            best.append(row)
    return best


def _by_success(curve: tuple[str, Sequence[Row]]) -> float:
    return -float(curve[1][-1]["success"])


def _look(row: Row, place: int) -> dict[str, Any]:
    """A colour, a line and a marker of its own: the three together never repeat."""
    if not choosable(row):
        return {"color": GREY, "linestyle": ":", "marker": "."}
    rounds, colour = divmod(place, len(COLOURS))
    return {
        "color": COLOURS[colour],
        "linestyle": _STYLES[(colour + 2 * rounds) % len(_STYLES)],
        "marker": _MARKERS[(place + place // (len(COLOURS) * len(_STYLES))) % len(_MARKERS)],
    }


def _draw(axes: Axes, name: str, rows: Sequence[Row], look: dict[str, Any], unit: str) -> End:
    x, y = [row[UNITS[unit]] for row in rows], [row["success"] for row in rows]
    axes.plot(x, y, linewidth=1.7, markersize=4, label=label(name), **look)
    known = [(a, row["ci_low"], row["ci_high"]) for a, row in zip(x, rows, strict=True)
             if row["ci_low"] is not None and row["ci_low"] == row["ci_low"]]  # fmt: skip
    if known:
        costs, low, high = zip(*known, strict=True)
        axes.fill_between(costs, low, high, color=look["color"], alpha=0.1, linewidth=0)
    return End(x[-1], y[-1], name, look["color"])


def _at_points(curves: Sequence[tuple[Sequence[Row], str]], unit: str) -> list[End]:
    """S and V at points, those at the ends of curves first, which have room before others."""
    places = [(own[i], colour, i < len(own) - 1) for own, colour in curves for i in range(len(own))]
    return [
        End(float(row[UNITS[unit]]), float(row["success"]), said, colour)
        for row, colour, _ in sorted(places, key=lambda place: place[2])
        if (said := _sizes(row))
    ]


def _sizes(row: Row) -> str:
    """`8` solutions, or `8x4`: each of them verified four times; nothing of measured answers."""
    if row["S"] is None:
        return ""
    return f"{row['S']}x{row['V']}" if row["V"] else str(row["S"])


def _limits(rows: Sequence[Row]) -> tuple[float, float]:
    """Room for all bands, as far as probabilities go."""
    ends = [row[key] for row in rows for key in ("success", "ci_low", "ci_high")]
    known = [end for end in ends if end is not None and end == end]
    low, high = min(known), max(known)
    room = 0.05 * max(high - low, 0.05)
    return max(low - room, -0.02), min(high + room, 1.03)


def _band(rows: Sequence[Row]) -> str:
    numbers = sorted({int(row["n_problems"]) for row in rows})
    several = f"{numbers[0]} to {numbers[-1]}" if len(numbers) > 1 else str(numbers[0])
    measured = all(row["S"] is None for row in rows)
    return f"bands: 95 % over {several} problems" + ("" if measured else "; at points: S or S x V")
