"""Names at the ends of curves, in their colours, in place of a legend that covers them, and small
letters at points. Both find their places once the figure has its size: see `settle`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np

from ttc.analysis.estimate import FloatArray
from ttc.report.names import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Annotation

_END, _POINT = "_end of a curve", "_letters at a point"
"""Labels by which the figure's texts are known again; an underscore keeps them out of legends."""
_AIR = 1.12  # of its own height: what a name takes
_ROOM = 0.3  # of the figure's width: what names may take before they are broken
_BESIDE = 1.02  # of the axes' width: where names begin
_MOST_GROWN = 2.0  # times as high
_LEAST = 4.5  # points: no letters are made smaller


@dataclass(frozen=True)
class End:
    """Where a curve ends, in the data's units, and what it is called there."""

    x: float
    y: float
    text: str
    colour: str


def label_ends(axes: Axes, ends: Sequence[End], size: float = 8.0, longest: int = 60) -> None:
    """Write each curve's name to the right of the axes, with a thin line to its end.

    Names that would lie on each other are moved apart by `settle`. The axes' limits must not
    change any more. longest: letters of a name.
    """
    for end in ends:
        axes.annotate(
            label(end.text, longest),
            (end.x, end.y),
            xytext=(_BESIDE, _height(axes, end.x, end.y)),
            textcoords="axes fraction",
            fontsize=size,
            color=end.colour,
            va="center",
            annotation_clip=False,
            label=_END,
            arrowprops={
                "arrowstyle": "-",
                "color": end.colour,
                "linewidth": 0.5,
                "alpha": 0.6,
                "relpos": (0, 0.5),
            },
        )


def label_points(axes: Axes, points: Sequence[End], size: float = 7.0) -> None:
    """Write letters above points, the most wanted first: `settle` hides those without room."""
    for one in points:
        axes.annotate(
            label(one.text),
            (one.x, one.y),
            (0, 5),
            textcoords="offset points",
            ha="center",
            fontsize=size,
            color=one.colour,
            label=_POINT,
        )


def settle(figure: Figure, may_grow: bool = False) -> None:
    """Move names apart by the room that their letters really take at the figure's size, and hide
    letters at points that would lie on others.

    may_grow: whether the figure may become higher where its names have no room one above another;
    else their letters become smaller.
    """
    named = [(axes, own) for axes in figure.axes if (own := _texts(axes, _END))]
    pointed = [own for axes in figure.axes if (own := _texts(axes, _POINT))]
    if not named and not pointed:
        return
    figure.draw_without_rendering()
    needed = max((float(_taken(axes, own).sum()) for axes, own in named), default=0.0)
    if may_grow and needed > 1:
        figure.set_figheight(figure.get_figheight() * min(needed, _MOST_GROWN))
        figure.draw_without_rendering()
    for axes, own in named:
        _part(axes, own)
    for own in pointed:
        _thin_out(own)


def break_names(figure: Figure) -> None:
    """Break names that are so long that they leave no room for the axes."""
    own = [text for axes in figure.axes for text in _texts(axes, _END)]
    if not own:
        return
    figure.draw_without_rendering()
    for text in own:
        _break(text, _ROOM * figure.bbox.width)


def _texts(axes: Axes, kind: str) -> list[Annotation]:
    from matplotlib.text import Annotation

    return [t for t in axes.texts if isinstance(t, Annotation) and t.get_label() == kind]


def _break(text: Annotation, room: float) -> None:
    """Break a name that is wider than so many pixels, between its words."""
    from matplotlib.text import Text

    width, said = Text.get_window_extent(text).width, text.get_text()
    if width > room:
        most = max(9, int(len(said) * room / width))
        text.set_text("\n".join(wrap(said, most, break_long_words=False)))


def _part(axes: Axes, own: Sequence[Annotation]) -> None:
    taken = _taken(axes, own)
    if taken.sum() > 1:
        smaller = 1 / taken.sum()
        for text in own:
            text.set_fontsize(max(_LEAST, smaller * float(text.get_fontsize())))
        taken *= smaller
    wanted = np.array([_height(axes, *text.xy) for text in own])
    for text, height in zip(own, apart(wanted, taken), strict=True):
        text.xyann = (_BESIDE, height)


def _taken(axes: Axes, own: Sequence[Annotation]) -> FloatArray:
    """What each name takes, as a share of the axes' height."""
    from matplotlib.text import Text

    room = max(axes.get_window_extent().height, 1.0)
    return np.array([_AIR * Text.get_window_extent(text).height / room for text in own])


def _height(axes: Axes, x: float, y: float) -> float:
    """Of a point of the data, as a share of the axes' height."""
    return float(axes.transAxes.inverted().transform(axes.transData.transform((x, y)))[1])


def _thin_out(own: Sequence[Annotation]) -> None:
    from matplotlib.text import Text

    taken: list[tuple[float, float, float, float]] = []
    for text in own:
        x0, y0, x1, y1 = Text.get_window_extent(text).extents
        if any(x0 < b1 and b0 < x1 and y0 < d1 and d0 < y1 for b0, d0, b1, d1 in taken):
            text.set_visible(False)
        else:
            taken.append((x0, y0, x1, y1))


def apart(wanted: FloatArray, taken: FloatArray, low: float = 0.0, high: float = 1.0) -> FloatArray:
    """Places as near to the wanted ones as they can be in their order, none on another.

    wanted: (n,) in any order; taken: (n,) what each takes, half of it to each side; returns (n,).
    Within low and high, where there is room for all. Each cluster of places that would touch stands
    around the mean of what its members want.
    """
    if not len(wanted):
        return wanted
    order = np.argsort(wanted, kind="stable")
    sizes = taken[order]
    steps = np.concatenate([[0.0], np.cumsum((sizes[1:] + sizes[:-1]) / 2)])
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
