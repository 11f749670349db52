"""`ttc export`: a run's tables and figures as files for others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ttc.cli import _complete as complete
from ttc.cli._options import RESULTS, Draws, FontSize, Force, Height, Results, Style, Width


def command(
    runs: Annotated[
        list[str],
        typer.Argument(
            help="Runs: a folder, a recipe's name, or an id; one or several.",
            autocompletion=complete.runs,
        ),
    ],
    to: Annotated[
        Path,
        typer.Option("--to", help="x.csv, x.jsonl, x.zip, x.png, x.svg, x.pdf, or a folder."),
    ],
    form: Annotated[
        str | None,
        typer.Option("--format", help="Into a folder: datasets (default), csv, jsonl or figures."),
    ] = None,
    table: Annotated[
        list[str] | None,
        typer.Option("--table", help="Only this table; repeat for more (default: all)."),
    ] = None,
    figure: Annotated[
        list[str] | None,
        typer.Option("--figure", help="Only this figure; repeat for more (default: all)."),
    ] = None,
    without_texts: Annotated[
        bool, typer.Option("--without-texts", help="Leave questions and models' texts out.")
    ] = False,
    verbatim: Annotated[
        bool,
        typer.Option(
            "--verbatim",
            help="Cells as they are: no apostrophe before what a spreadsheet would run.",
        ),
    ] = False,
    license_id: Annotated[
        str, typer.Option("--license", help="Of a data set, for its card: an SPDX id.")
    ] = "",
    draws: Draws = 500,
    width: Width = None,
    height: Height = None,
    font_size: FontSize = None,
    style: Style = None,
    force: Force = False,
    results: Results = RESULTS,
) -> None:
    """Write a run's tables or figures for a colleague, a spreadsheet, a paper, a data set.

    x.zip is the whole run, which `ttc import x.zip` reads. A folder is one that Hugging Face's
    `load_dataset` opens, unless --format says otherwise. Beside each figure stands a table of what
    it shows, bands included.

    Examples: `ttc export quickstart --to quickstart.zip`,
    `ttc export quickstart --to solutions.csv --table solutions --without-texts`,
    `ttc export quickstart --to figure.pdf --figure success --style paper,grey --width 3.3`,
    `ttc export quickstart mine --to shared/pools --license CC-BY-4.0`,
    `ttc export quickstart --to slides --format figures --style slides`
    """
    from ttc.cli._console import working
    from ttc.report.exporting import Export, export, kind_of, table_names
    from ttc.report.looks import drawn_in, look
    from ttc.report.run_figures import check_names
    from ttc.store.licences import checked
    from ttc.store.run_folder import find_matching
    from ttc.terminal import say

    check_names(figure or ())
    wanted = Export(
        to=to,
        kind=kind_of(to, form),
        tables=table_names(table or ()),
        figures=tuple(figure or ()),
        texts=not without_texts,
        verbatim=verbatim,
        license_id=checked(license_id, "--license"),
        draws=draws,
    )
    chosen = look(width, height, font_size, style)
    found = find_matching(runs, results)
    if wanted.kind != "figures":
        said = export(found, wanted, force=force)
    else:
        with working("drawing"), drawn_in(chosen):
            said = export(found, wanted, force=force)
    for text in said:
        say(text)
