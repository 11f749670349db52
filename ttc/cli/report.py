"""`ttc report`: runs as one HTML file to look at and to send."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ttc.cli import _complete as complete
from ttc.cli._options import RESULTS, Force, Results


def command(
    runs: Annotated[
        list[str],
        typer.Argument(
            help="Runs: a folder, a recipe's name, or an id; one or several.",
            autocompletion=complete.runs,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The file (default: report.html in the run's folder)."),
    ] = None,
    max_size: Annotated[
        str | None,
        typer.Option(
            "--max-size",
            help="Largest file, such as 20MB: texts are then sampled, and the page says so.",
            metavar="SIZE",
        ),
    ] = None,
    force: Force = False,
    results: Results = RESULTS,
) -> None:
    """Write a run, or several side by side, as one HTML file that opens anywhere.

    It asks no network for anything: success against compute, allocation, coverage, how good the
    verifiers are, and every problem with its solutions, votes, verdicts, steps and search trees;
    costs, recipe and citation.

    Examples: `ttc report quickstart`, `ttc report cold hot --out cold_hot.html`,
    `ttc report sc_vs_genrm --max-size 10MB --out to_send.html`
    """
    from ttc.cli._console import working, write_file
    from ttc.report.html.build import report
    from ttc.report.html.chunks import parse_size
    from ttc.store.overwriting import new_file
    from ttc.store.run_folder import find_runs
    from ttc.store.sweeps import sweep_of
    from ttc.terminal import say

    limit = None if max_size is None else parse_size(max_size)
    sweep = sweep_of(runs, results)
    found = find_runs(runs, results, out or sweep)
    usual = (sweep or found[0].path) / "report.html"
    target = usual if out is None else new_file(out, force)
    with working("reading, fitting and packing"):
        text, texts, left_out = report(found, limit)
        write_file(target, text)
    size = len(text.encode("utf-8"))
    say(f"wrote {target} ({size / 1e6:.1f} MB)")
    if left_out:
        say(f"{texts - left_out:,} of {texts:,} texts are in it, the most telling of each problem")
