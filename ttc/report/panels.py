"""Figures of a page's width: panels side by side as far as they are readable there, then below."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ttc.report.looks import PAGE, current

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BESIDE = 2
_NARROW = 5.0  # inches: below it, each panel has a row of its own


def panels(count: int, alone: float = 5.4, height: float = 3.5) -> tuple[Figure, list[Axes]]:
    """A figure with so many panels, two in a row; alone: inches that a single one is wide, height:
    those of a row.
    """
    from matplotlib.figure import Figure

    beside = _BESIDE if (current().width or PAGE) >= _NARROW else 1
    rows, columns = math.ceil(count / beside), min(count, beside)
    width = PAGE if columns > 1 else alone
    figure = Figure(figsize=(width, height * rows + 0.3), layout="constrained")
    grid = list(figure.subplots(rows, columns, squeeze=False).ravel())
    for spare in grid[count:]:
        spare.remove()
    return figure, grid[:count]
