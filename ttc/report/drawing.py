"""Figures into files: PNG and SVG, the same ones for the same data."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ttc.errors import TtcError
from ttc.store.atomic import small_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write_figures(figures: Mapping[str, Figure], folder: Path) -> list[Path]:
    """Write each figure under its name as PNG and SVG; returns the PNGs.

    Raises `TtcError` where they can't be written.
    """
    from matplotlib import rcParams

    rcParams["svg.hashsalt"] = "ttc"  # the same ids in each drawing of the same data
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with warnings.catch_warnings():
            # A name may have letters that the font lacks, or leave no room; the figure shows that.
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            warnings.filterwarnings("ignore", message="constrained_layout not applied")
            for name, figure in figures.items():
                for ending in ("png", "svg"):
                    # Without a date, the same run gives the same file.
                    told = {"Date": None} if ending == "svg" else {}
                    with small_path(folder / f"{name}.{ending}") as temporary:
                        figure.savefig(temporary, format=ending, dpi=150, metadata=told)
    except OSError as error:
        raise TtcError(f"can't write figures in {folder}: {error.strerror}") from None
    return [folder / f"{name}.png" for name in figures]
