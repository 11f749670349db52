"""`ttc import`: samples that somebody already has, as a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ttc.cli._options import AsJson


def command(
    source: Annotated[Path, typer.Argument(help="A file, folder or archive of samples.")],
    to: Annotated[
        Path | None, typer.Option("--to", help="Folder of runs (default: results/<source's name>).")
    ] = None,
    layout: Annotated[
        str,
        typer.Option(
            help="lm-eval, inspect, search-and-learn, lighteval, jsonl, table, reference or run; "
            "auto goes by content."
        ),
    ] = "auto",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show how the first record is read; import nothing.")
    ] = False,
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
        str | None,
        typer.Option(
            help="Labels of the data: compare with our judgement, or trust them instead (which is "
            "usual for logs of tools that grade)."
        ),
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(help="The metric or scorer that labels, where a log has several."),
    ] = None,
    filter_name: Annotated[
        str | None,
        typer.Option("--filter", help="Of lm-evaluation-harness: the filter whose answers count."),
    ] = None,
    right_from: Annotated[
        float,
        typer.Option(min=0, max=1, help="The grade (0 to 1) from which a label says right."),
    ] = 1.0,
    aggregate: Annotated[
        str | None,
        typer.Option(
            help="How scores of steps make one: last, min, prod or mean (last where a problem's "
            "samples stand in lists, else min)."
        ),
    ] = None,
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

    Reads, as they are: samples of lm-evaluation-harness, logs of Inspect, completions of
    search-and-learn, details of lighteval, JSON lines or lists and tables (a problem or a solution
    a row), the layout of arXiv 2504.01005's repository, and runs of ttc as folder or zip. Nothing
    is left behind on an error.

    Examples: `ttc import samples_gsm8k_2025-01-01.jsonl --filter flexible-extract`,
    `ttc import logs/sums.eval --dry-run`,
    `ttc import best_of_n_completions.jsonl --aggregate prod`,
    `ttc import sols.csv --map problem.id=qid --map text=response --answers numeric`,
    `ttc import pool.tar.gz --set cost.parameters=8e9 --set cost.lambda=2`
    """
    from dataclasses import asdict

    from ttc.cli._console import console, print_run
    from ttc.cli._values import ONE_FILE, folder_of, one_of, pairs
    from ttc.importing import (
        AUTO,
        Aggregate,
        Judging,
        Labels,
        ScoreMode,
        Wanted,
        default_name,
        formats,
        preview,
    )
    from ttc.pipeline.importing import import_run
    from ttc.recipe.sections import ImportSections, read_sections
    from ttc.report.importing import print_preview, print_unused, show_import
    from ttc.terminal import say_json

    folder_of(to, "--to", ONE_FILE)
    compared = [] if answers is None else [f"answers.equivalence={answers}"]
    sections = read_sections(ImportSections, [*compared, *(overrides or [])])
    judging = Judging(
        score=one_of(score, ScoreMode, "--score"),
        verifier=verifier,
        labels=None if labels is None else one_of(labels, Labels, "--labels"),
        aggregate=None if aggregate is None else one_of(aggregate, Aggregate, "--aggregate"),
        model=model,
        verifier_model=verifier_model,
    )
    wanted = Wanted(metric=metric, filter=filter_name, right_from=right_from)
    layout = one_of(layout, (AUTO, *formats()), "--layout")
    mapped = pairs(mapping, "--map")
    if dry_run:
        found = preview(
            source,
            layout=layout,
            verifications=verifications,
            mapping=mapped,
            answers=sections.answers,
            judging=judging,
            wanted=wanted,
        )
        if as_json:
            say_json(asdict(found))
        else:
            print_preview(console(), found)
        return
    with show_import() as progress:
        run = import_run(
            source,
            to or Path("results") / default_name(source),
            layout=layout,
            verifications=verifications,
            mapping=mapped,
            answers=sections.answers,
            judging=judging,
            wanted=wanted,
            cost=sections.cost,
            progress=progress,
        )
    if not as_json:
        print_unused(console(), run)
    print_run(run, as_json=as_json)
