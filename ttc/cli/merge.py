"""`ttc merge`: shards become the run that one machine would have written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ttc.cli import _complete as complete
from ttc.cli._options import AsJson


def command(
    runs: Annotated[
        list[str],
        typer.Argument(
            help="A run's folder, its recipe's name or its id, for all its shards; or folders of "
            "shards, from wherever they were done.",
            autocompletion=complete.runs,
            metavar="RUN",
        ),
    ],
    results: Annotated[
        Path | None,
        typer.Option(
            "--results",
            help="Folder of results to write the run into (default: where its shards are; "
            "`results` for shards of several folders).",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make one run of its shards, equal row by row to that of one machine but for measured times.

    Checks that all shards are there and done, each once, of one recipe, dataset, code and model,
    and within the run's budget. Their journals are pulled into that of the results.

    Examples: `ttc merge my`, `ttc merge results/my/s0-1f9c2ab4`,
    `ttc merge hosta/my/s0-1f9c2ab4/shards/* hostb/my/s0-1f9c2ab4/shards/* --results results`
    """
    from ttc.cli._console import print_run, working_on
    from ttc.pipeline.sharding.merge import merge
    from ttc.report.merge import merged_facts, merged_lines

    with working_on("merging") as told:
        done = merge(runs, results, told)
    facts = {"fresh": done.fresh, **merged_facts(done)}
    print_run(done.run, as_json=as_json, facts=facts, lines=merged_lines(done))
