"""Figures that show themselves in a notebook, whether or not pyplot was ever imported."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def showing(figure: Figure) -> Figure:
    """The figure, with what a notebook asks of an object that it is to show.

    Its names at curves have their places at the size that it has now.
    """
    from ttc.report.direct_labels import break_names, settle

    break_names(figure)
    settle(figure)

    def png() -> bytes:
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=110)
        return buffer.getvalue()

    figure._repr_png_ = png  # type: ignore[attr-defined]
    return figure
