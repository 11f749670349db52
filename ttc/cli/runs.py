"""`ttc runs`: what is there under a folder of results."""

from __future__ import annotations

from typing import Annotated

import typer

from ttc.cli import _complete as complete
from ttc.cli._options import RESULTS, All, AsJson, Results


def command(
    patterns: Annotated[
        list[str] | None,
        typer.Argument(
            help="Only runs whose recipe's name, id or `recipe/id` fits; * stands for anything.",
            autocompletion=complete.runs,
        ),
    ] = None,
    everything: All = False,
    as_json: AsJson = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print comma-separated values, for spreadsheets.")
    ] = False,
    results: Results = RESULTS,
) -> None:
    """List runs, the latest first: state, success, what was spent, and in what recipes differ.

    Of the recipes only those keys are told that differ between the runs listed.

    Examples: `ttc runs`, `ttc runs "verifiers-*" --all`, `ttc runs my_experiment --csv > runs.csv`
    """
    from ttc.cli._console import console
    from ttc.errors import UsageError
    from ttc.pipeline.overview import overview
    from ttc.report.overview import as_csv as csv_of
    from ttc.report.overview import print_overview
    from ttc.terminal import say, say_json

    if as_json and as_csv:
        raise UsageError("--json and --csv: choose one")
    found = overview(results, patterns or ())
    if as_json:
        rows = [one.as_row() for one in found.runs]
        say_json({"results": str(results), "common": dict(found.common), "runs": rows})
    elif as_csv:
        say(csv_of(found), end="")
    else:
        print_overview(console(), found, everything)
