"""`ttc journal`: what journals of samples hold, and how hosts exchange them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ttc.cli._options import RESULTS, AsJson, Results

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Look at a journal of samples, and exchange samples between hosts' journals.",
)
_JOURNAL = "A journal, or a folder that has one: of results, or of a shard."
Bills = Annotated[
    bool,
    typer.Option(
        "--bills",
        help="Also what runs were billed, for those that go on here: their budgets are used up by "
        "it. It counts once, however often it comes.",
    ),
]


@app.command("show", no_args_is_help=False)
def show(
    journal: Annotated[Path | None, typer.Argument(help=_JOURNAL)] = None,
    as_json: AsJson = False,
    results: Results = RESULTS,
) -> None:
    """Show how many samples a journal has, its size, the file system it is on, who has it open, and
    what runs were billed.

    Examples: `ttc journal show`, `ttc journal show results/my/s0-1f9c2ab4/shards/03-of-16 --json`
    """
    from ttc.cli._console import console
    from ttc.pipeline.journals import find_journal, journal_facts
    from ttc.report.journal import print_journal
    from ttc.terminal import say_json

    facts = journal_facts(find_journal(journal or results))
    if as_json:
        say_json(facts)
    else:
        print_journal(console(), facts)


@app.command("pull", no_args_is_help=True)
def pull(
    source: Annotated[Path, typer.Argument(metavar="FROM", help=_JOURNAL)],
    into: Annotated[
        Path | None, typer.Argument(metavar="TO", help="Default: that of the results here.")
    ] = None,
    bills: Bills = False,
    as_json: AsJson = False,
    results: Results = RESULTS,
) -> None:
    """Bring the samples that another journal has and this one lacks. Again, it brings what is new.

    Failures give way to samples, and samples to those with more log-probabilities. Runs here may be
    at work meanwhile.

    Examples: `ttc journal pull hostb/results`, `ttc journal pull /mnt/b/journal.sqlite my.sqlite`
    """
    _exchange(source, into or results, bills, as_json)


@app.command("push", no_args_is_help=True)
def push(
    into: Annotated[
        Path, typer.Argument(metavar="TO", help="A journal, which may be a new one, or a folder.")
    ],
    source: Annotated[
        Path | None, typer.Argument(metavar="FROM", help="Default: that of the results here.")
    ] = None,
    bills: Bills = False,
    as_json: AsJson = False,
    results: Results = RESULTS,
) -> None:
    """Bring the samples of the journal here into another, as `ttc journal pull` there would.

    Examples: `ttc journal push /mnt/b/results`,
    `ttc journal push results "$TMPDIR/journal.sqlite" --bills`
    """
    _exchange(source or results, into, bills, as_json)


def _exchange(source: Path, target: Path, bills: bool, as_json: bool) -> None:
    from ttc.cli._console import working_on
    from ttc.engine.journal_merge import EVERY_RUN
    from ttc.engine.journal_merge import pull as bring
    from ttc.pipeline.journals import find_journal, new_journal
    from ttc.report.merge import pulled_facts, pulled_lines
    from ttc.terminal import say, say_json

    with working_on("reading") as told:
        done = bring(
            find_journal(source),
            new_journal(target),
            EVERY_RUN if bills else "",
            lambda done, samples: told(f"{done:,} of {samples:,} samples"),
        )
    if as_json:
        say_json(pulled_facts(done))
        return
    for text in pulled_lines(done):
        say(text)
