"""What commands print and write through."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

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


def print_run(
    run: RunFolder,
    *,
    fresh: bool | None = None,
    quiet: bool = False,
    as_json: bool = False,
    facts: Mapping[str, Any] | None = None,
    lines: Iterable[str] = (),
) -> None:
    """Print what a command made of a run: a summary, a line, or JSON.

    fresh: whether there was anything to do; None for commands of which that goes without saying.
    facts, lines: what else the command has to say, to programs and below the summary.
    """
    from ttc.pipeline.facts import run_facts
    from ttc.report.failures import of_manifest
    from ttc.report.summary import print_summary
    from ttc.terminal import say, say_json

    if as_json:
        known = {} if fresh is None else {"fresh": fresh}
        say_json({**known, **(facts or {}), **run_facts(run)})
        return
    if quiet:
        manifest = run.manifest()
        said = "nothing to do, this run is complete" if fresh is False else manifest.status
        say(", ".join([f"{run.name}: {said}", *of_manifest(manifest)[:1]]))
        return
    if fresh is False:
        console().print("Nothing to do: this run is complete.", style="green")
        lines = (*_of_another_version(run), *lines)
    print_summary(console(), run)
    for text in lines:
        say(text)


def _of_another_version(run: RunFolder) -> list[str]:
    """What tells that a run which is left alone was made by another ttc than this."""
    import ttc

    made = run.manifest().ttc_version
    if made == ttc.__version__:
        return []
    return [
        f"It was made by ttc {made}, and this is {ttc.__version__}: to have it made anew, move "
        f"{run.path} away; its samples come from the journal, where it still holds them."
    ]
