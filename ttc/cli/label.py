"""`ttc label`: people's labels for what a verifier is least sure of."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ttc.cli import _complete as complete
from ttc.cli._options import RESULTS, Force, Results, Run


def command(
    run: Run,
    verifier: Annotated[
        str,
        typer.Option(
            "--verifier",
            help="Whose votes: a verifier that names a wrong step.",
            autocompletion=complete.verifiers,
        ),
    ] = "opv",
    most: Annotated[
        int, typer.Option("--most-uncertain", min=1, help="So many solutions, at most.")
    ] = 50,
    out: Annotated[
        Path | None, typer.Option("--out", help="File to write them to, as JSON lines.")
    ] = None,
    read: Annotated[
        Path | None, typer.Option("--read", help="Such a file, filled in, to read labels from.")
    ] = None,
    annotator: Annotated[
        str, typer.Option("--annotator", help="Who labelled, where the lines don't say.")
    ] = "",
    force: Force = False,
    results: Results = RESULTS,
) -> None:
    """Write the solutions on whose first wrong step votes differ most; read labels back.

    In each line of the file, put the number of the first wrong step into `first_wrong_step`, -1
    where none is wrong. Labels go to step_labels.jsonl in the run's folder.

    Examples: `ttc label verifiers-opv --out labels.jsonl`,
    `ttc label verifiers-opv --read labels.jsonl --annotator ada`
    """
    from ttc.errors import UsageError
    from ttc.pipeline.labelling import export_items, import_labels
    from ttc.store.overwriting import new_file
    from ttc.store.run_folder import find_run
    from ttc.terminal import say
    from ttc.words import counted

    if (out is None) == (read is None):
        raise UsageError("name a file to write by --out FILE, or one to read by --read FILE")
    found = find_run(run, results)
    if out is not None:
        items = export_items(found, verifier, most, new_file(out, force))
        high, low = items[0].uncertainty, items[-1].uncertainty
        say(f"{counted(len(items), 'solution')} in {out}, uncertainty {high:.2f} to {low:.2f}")
    if read is not None:
        labels, empty = import_labels(found, read, annotator)
        left = f"; {counted(empty, 'line')} not filled in" if empty else ""
        say(f"{counted(len(labels), 'label')} read into {found.name}{left}")
