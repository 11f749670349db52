"""`ttc import`: samples that somebody already has, as a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ttc.cli._options import AsJson


def command(
    source: Annotated[Path, typer.Argument(help="A file, folder or tar archive of samples.")],
    to: Annotated[
        Path | None, typer.Option("--to", help="Folder of runs (default: results/<source's name>).")
    ] = None,
    layout: Annotated[
        str, typer.Option(help="jsonl, table or reference; auto goes by the names of files.")
    ] = "auto",
    verifications: Annotated[
        Path | None, typer.Option("--verifications", help="Table or folder where they lie apart.")
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map", help="What a name of ours is called in the data.", metavar="NAME=COLUMN"
        ),
    ] = None,
    answers: Annotated[
        str | None, typer.Option(help="How answers compare: math, numeric, string or choice.")
    ] = None,
    labels: Annotated[
        str,
        typer.Option(help="Labels of the data: compare with our judgement, or trust them instead."),
    ] = "compare",
    score: Annotated[
        str, typer.Option(help="Score of a verification: hybrid, logprob or binary.")
    ] = "hybrid",
    model: Annotated[
        str, typer.Option(help="The model that solved, for the manifest.")
    ] = "unknown",
    verifier: Annotated[
        str, typer.Option(help="Name of verifications that name no verifier.")
    ] = "imported",
    verifier_model: Annotated[
        str | None, typer.Option(help="The model that verified, if another one.")
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="A key of a recipe's answers or cost section.",
            metavar="KEY=VALUE",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    r"""Turn samples into a run, so that show, curves and fit-scaling work without a model.

    Reads JSON lines (one problem a line: problem_id, question, answer, solutions, and where known
    correct and verifications), parquet or CSV tables (one solution a row, verifications in a second
    table), and the layout of arXiv 2504.01005's repository. Nothing is left behind on an error.

    Examples: `ttc import samples.jsonl --to results/mine`,
    `ttc import sols.csv --map problem.id=qid --map text=response --answers numeric`,
    `ttc import pool.tar.gz --set cost.parameters=8e9 --set cost.lambda=2`
    """
    from ttc.cli._console import print_run
    from ttc.cli._values import one_of, pairs
    from ttc.importing import LAYOUTS, Judging, Labels, ScoreMode, default_name
    from ttc.pipeline.importing import import_run
    from ttc.recipe.sections import ImportSections, read_sections
    from ttc.report.importing import show_import

    compared = [] if answers is None else [f"answers.equivalence={answers}"]
    sections = read_sections(ImportSections, [*compared, *(overrides or [])])
    judging = Judging(
        score=one_of(score, ScoreMode, "--score"),
        verifier=verifier,
        labels=one_of(labels, Labels, "--labels"),
        model=model,
        verifier_model=verifier_model,
    )
    with show_import() as progress:
        run = import_run(
            source,
            to or Path("results") / default_name(source),
            layout=one_of(layout, LAYOUTS, "--layout"),
            verifications=verifications,
            mapping=pairs(mapping, "--map"),
            answers=sections.answers,
            judging=judging,
            cost=sections.cost,
            progress=progress,
        )
    print_run(run, as_json)
