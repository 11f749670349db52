"""What commands print and write through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ttc.report.console import Console
    from ttc.store.run_folder import RunFolder


@cache
def console() -> Console:
    """Standard output; plain text of a steady width when it is no terminal."""
    from ttc.report.console import Console

    return Console()


@contextmanager
def working(text: str) -> Iterator[None]:
    """Show on standard error, where that is a terminal, that something takes its time."""
    from ttc.report.console import Console, line

    with Console(stderr=True).status(line(text)):
        yield


@contextmanager
def working_on(text: str) -> Iterator[Callable[[str], None]]:
    """The same; what is given is called with other texts as the work goes on."""
    from ttc.report.console import Console, line

    with Console(stderr=True).status(line(text)) as status:
        yield lambda said: status.update(line(said))


def write_file(path: Path, text: str) -> None:
    """Write a text file, atomically. Raises `TtcError` that names the path where it can't."""
    from ttc.store.atomic import write_text

    write_text(path, text)


def print_run(run: RunFolder, as_json: bool) -> None:
    """Print a summary of a run that was just made."""
    from ttc.pipeline.facts import run_facts
    from ttc.report.summary import print_summary
    from ttc.terminal import say_json

    if as_json:
        say_json(run_facts(run))
    else:
        print_summary(console(), run)
