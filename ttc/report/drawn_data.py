"""What a figure shows, as a table read off the figure itself, so that both are of the same data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.collections import Collection
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

_UNNAMED = re.compile(r"_child\d+|_nolegend_|<.*>|")
_ESCAPED = re.compile(r"\\(?=\$)")


@dataclass(frozen=True, slots=True)
class Datum:
    """One point. kind: line, points, step, bar, band, level (a line across) or cell.

    low, high: ends of the interval or band at this x; value: of a cell of an image.
    """

    panel: str
    series: str
    kind: str
    x_axis: str
    y_axis: str
    x: float | str | None = None
    y: float | str | None = None
    low: float | None = None
    high: float | None = None
    value: float | None = None


COLUMNS = tuple(field.name for field in fields(Datum))


def drawn_data(figure: Figure) -> list[dict[str, Any]]:
    """Every point that a figure shows, by panel and series; what is no number is left out.

    Series without a name in the legend may have one that begins with an underscore, which
    matplotlib leaves out of legends.
    """
    found = [one for axes in figure.axes if _is_panel(axes) for one in _Panel(axes).data()]
    return [asdict(one) for one in found]


def _is_panel(axes: Axes) -> bool:
    return axes.get_visible() and axes.get_label() != "<colorbar>"


class _Panel:
    """Reads one panel. What a container (error bars, bars) has told is told once."""

    def __init__(self, axes: Axes) -> None:
        self._axes = axes
        titles = [axes.get_title(place) for place in ("left", "center", "right")]
        names = (*titles, axes.get_ylabel())
        self._base = Datum(
            panel=_plain(next((t for t in names if t), "")),
            series="",
            kind="",
            x_axis=_plain(axes.get_xlabel()),
            y_axis=_plain(axes.get_ylabel()),
        )
        self._told: set[int] = set()
        self._names = {
            _colour(line.get_color()): _plain(str(line.get_label()))
            for line in reversed(axes.lines)
            if _named(line.get_label())
        }
        self._unnamed = 0
        self._x, self._y = _places(axes.xaxis), _places(axes.yaxis)

    def data(self) -> Iterator[Datum]:
        for one in self._read():
            yield replace(one, x=self._x(one.x), y=self._y(one.y))

    def _read(self) -> Iterator[Datum]:
        yield from self._containers()
        lines = [line for line in self._axes.lines if id(line) not in self._told]
        bands = [(one, _band(one)) for one in self._axes.collections if id(one) not in self._told]
        taken: set[int] = set()
        for line in lines:
            band = next(
                (
                    (i, ends)
                    for i, (one, ends) in enumerate(bands)
                    if i not in taken and ends and _belongs(ends, one, line)
                ),
                None,
            )
            if band is not None:
                taken.add(band[0])
            yield from self._line(line, band[1] if band else {})
        for i, (one, ends) in enumerate(bands):
            if i not in taken:
                yield from self._collection(one, ends)
        yield from self._images()

    def _series(self, label: object, colour: Any = None) -> str:
        if _named(label):
            return _plain(str(label))
        hidden = str(label)
        if hidden.startswith("_") and not _UNNAMED.fullmatch(hidden):
            return _plain(hidden[1:])
        if colour is not None and (name := self._names.get(_colour(colour))):
            return name
        self._unnamed += 1
        return f"unnamed {self._unnamed}"

    def _containers(self) -> Iterator[Datum]:
        from matplotlib.container import BarContainer, ErrorbarContainer

        for box in self._axes.containers:
            if isinstance(box, BarContainer):
                self._told |= {id(one) for one in box.patches}
                name = self._series(box.get_label())
                for bar in box.patches:
                    middle = bar.get_x() + bar.get_width() / 2
                    yield self._at(name, "bar", middle, bar.get_height())
            elif isinstance(box, ErrorbarContainer):
                yield from self._errorbar(box)

    def _errorbar(self, box: Any) -> Iterator[Datum]:
        line, caps, bars = box.lines
        self._told |= {id(one) for one in (line, *caps, *bars)}
        x, y = (np.asarray(part, dtype=float) for part in line.get_data())
        segments = bars[0].get_segments() if bars else []
        name = self._series(box.get_label(), line.get_color())
        for i, at in enumerate(zip(x, y, strict=True)):
            ends = segments[i][:, 1] if i < len(segments) else (np.nan, np.nan)
            yield self._at(name, "points", *at, low=min(ends), high=max(ends))

    def _line(self, line: Line2D, band: dict[float, tuple[float, float]]) -> Iterator[Datum]:
        x, y = (np.asarray(part) for part in line.get_data())
        name, where = self._series(line.get_label(), line.get_color()), line.get_transform()
        if where == self._axes.get_yaxis_transform():
            yield self._at(name, "level", None, y[0])
        elif where == self._axes.get_xaxis_transform():
            yield self._at(name, "level", x[0], None)
        elif where == self._axes.transData:
            joined = line.get_linestyle() not in ("None", "none", "", " ")
            stepped = line.get_drawstyle() != "default"
            kind = ("step" if stepped else "line") if joined else "points"
            for a, b in zip(x, y, strict=True):
                low, high = band.get(float(a), (np.nan, np.nan))
                yield self._at(name, kind, a, b, low=low, high=high)

    def _collection(
        self, one: Collection, ends: dict[float, tuple[float, float]]
    ) -> Iterator[Datum]:
        from matplotlib.collections import LineCollection, PathCollection

        if ends:
            name = self._series(one.get_label(), one.get_facecolor()[0])
            for x, (low, high) in ends.items():
                yield self._at(name, "band", x, None, low=low, high=high)
        elif isinstance(one, PathCollection):
            name = self._series(one.get_label())
            for x, y in np.asarray(one.get_offsets(), dtype=float):
                yield self._at(name, "points", x, y)
        elif isinstance(one, LineCollection):
            name = self._series(one.get_label())
            for segment in one.get_segments():
                for x, y in segment:
                    yield self._at(name, "line", x, y)

    def _images(self) -> Iterator[Datum]:
        for image in self._axes.images:
            name = self._series(image.get_label())
            cells: Any = np.ma.filled(np.ma.asarray(image.get_array(), dtype=float), np.nan)
            if cells.ndim == 2:
                for (row, column), value in np.ndenumerate(cells):
                    if np.isfinite(value):
                        yield self._at(name, "cell", column, row, value=value)

    def _at(self, series: str, kind: str, x: Any, y: Any, **more: Any) -> Datum:
        values = {"x": x, "y": y, **more}
        known: dict[str, Any] = {name: _number(value) for name, value in values.items()}
        return replace(self._base, series=series, kind=kind, **known)


def _band(one: Collection) -> dict[float, tuple[float, float]]:
    """(low, high) by x of what `fill_between` has drawn; empty for other collections."""
    from matplotlib.collections import PolyCollection

    if not isinstance(one, PolyCollection):
        return {}
    found: dict[float, tuple[float, float]] = {}
    for path in one.get_paths():
        corners = np.asarray(path.vertices, dtype=float)
        n = (len(corners) - 3) // 2  # one corner begins, one turns round, one closes it
        there, back = corners[1 : n + 1], corners[n + 2 : 2 * n + 2][::-1]
        if n < 1 or there.shape != back.shape or not np.array_equal(there[:, 0], back[:, 0]):
            return {}
        for (x, a), (_, b) in zip(there, back, strict=True):
            found[float(x)] = (float(min(a, b)), float(max(a, b)))
    return found


def _belongs(ends: dict[float, tuple[float, float]], band: Collection, line: Line2D) -> bool:
    """Whether a band is a line's: of its colour, and nowhere but where the line is."""
    if _colour(band.get_facecolor()[0]) != _colour(line.get_color()):
        return False
    return set(ends) <= {float(x) for x in np.asarray(line.get_xdata(), dtype=float)}


def _places(axis: Axis) -> Any:
    """What stands at a place of an axis whose ticks have names; of numbers, also between them."""
    from matplotlib.ticker import FixedLocator

    if not isinstance(axis.get_major_locator(), FixedLocator):
        return lambda place: place
    ticks = [float(at) for at in axis.get_majorticklocs()]
    told = axis.get_major_formatter().format_ticks(ticks)
    names = dict(zip(ticks, map(_plain, told), strict=True))
    try:
        numbers = np.array([float(name) for name in names.values()])
    except ValueError:
        return lambda place: names.get(place, place)
    if len(numbers) < 2 or (numbers <= 0).any():
        return lambda place: names.get(place, place)

    def between(place: float | None) -> float | None:
        if place is None:
            return None
        return float(np.exp(np.interp(place, ticks, np.log(numbers))))

    return lambda place: float(names[place]) if place in names else between(place)


def _number(value: Any) -> float | str | None:
    if value is None or isinstance(value, str):
        return value
    number = float(value)
    return number if np.isfinite(number) else None


def _named(label: object) -> bool:
    return bool(str(label)) and not str(label).startswith("_")


def _plain(text: str) -> str:
    return _ESCAPED.sub("", text).strip()


def _colour(colour: Any) -> Sequence[float]:
    from matplotlib.colors import to_rgb

    return to_rgb(colour)
