"""Figures into files: PNG, SVG and PDF with what they show as a table, the same for the same data.

Every figure goes through `write_figures`, so that size, letters and style (`ttc.report.looks`) and
the table beside it are no affair of those who make figures.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from ttc.errors import TtcError
from ttc.report.drawn_data import COLUMNS, drawn_data
from ttc.report.dressing import dress
from ttc.report.looks import current
from ttc.store.atomic import small_path
from ttc.store.cells import write_cells

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Format = Literal["png", "svg", "pdf"]
FORMATS: tuple[Format, ...] = ("png", "svg", "pdf")
# Letters stay letters: text in SVG, whole fonts in PDF (journals refuse Type 3).
_LETTERS = {"svg.fonttype": "none", "pdf.fonttype": 42, "svg.hashsalt": "ttc"}
_DOTS = 200  # an inch
# Without a date, the same run gives the same file.
_UNDATED: Mapping[Format, dict[str, Any]] = {
    "png": {},
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
}


def data_file(folder: Path, name: str) -> Path:
    """Where what a figure shows stands beside it, under a name that no table of a run has."""
    return folder / f"{name}.data.csv"


def write_figures(
    figures: Mapping[str, Figure], folder: Path, formats: Sequence[Format] = FORMATS
) -> list[Path]:
    """Write each figure under its name in each format, and what it shows in its `data_file`.

    Returns the files in the first format. Raises `TtcError` where they can't be written.
    """
    from matplotlib import rc_context

    chosen = current()
    # What fonts are embedded is no news, and fontTools tells it at a length.
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with warnings.catch_warnings(), rc_context(cast(Any, _LETTERS)):
            # A name may have letters that the font lacks, or leave no room; the figure shows that.
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            warnings.filterwarnings("ignore", message="constrained_layout not applied")
            for name, figure in figures.items():
                shown = drawn_data(figure)
                dress(figure, chosen)
                for ending in formats:
                    with small_path(folder / f"{name}.{ending}") as temporary:
                        figure.savefig(
                            temporary, format=ending, dpi=_DOTS, metadata=_UNDATED[ending]
                        )
                write_cells(data_file(folder, name), COLUMNS, (row.values() for row in shown))
    except OSError as error:
        raise TtcError(f"can't write figures in {folder}: {error.strerror}") from None
    return [folder / f"{name}.{formats[0]}" for name in figures]
