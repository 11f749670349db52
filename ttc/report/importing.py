"""How an import is shown while it goes on."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ttc.importing import Preview, Progress, Tally
from ttc.terminal import say

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from ttc.store.run_folder import RunFolder

_LINE_EVERY_S = 10.0


@contextmanager
def show_import() -> Iterator[Progress]:
    """A callback that shows what was read so far on standard error: live, or line by line."""
    if sys.stderr.isatty():
        with _live() as progress:
            yield progress
    else:
        yield _Lines()


_MOST_NAMED = 24


def print_preview(console: RichConsole, found: Preview) -> None:
    """Print what the first record becomes: our names, their keys, what they hold."""
    from ttc.report.console import line
    from ttc.report.tables import table

    console.print(line(f"{found.place}: read as {found.format} ({found.about})"))
    if found.rows:
        console.print(table("The first record", ("is", "of the key", "holds"), found.rows))
    for text in (*found.judged, *found.notes, *_unused(found.unused)):
        console.print(line(text))


def print_unused(console: RichConsole, run: RunFolder) -> None:
    """Print once which keys of imported data nothing was made of."""
    from ttc.report.console import line

    for text in _unused(run.manifest().source.get("unused_keys", ())):
        console.print(line(text, "yellow"))


def _unused(keys: Sequence[str]) -> list[str]:
    named = list(keys[:_MOST_NAMED])
    more = f" and {len(keys) - len(named)} more" if len(keys) > len(named) else ""
    return [f"not used: {', '.join(named)}{more}"] if keys else []


def tally_line(tally: Tally) -> str:
    """`12 problems, 768 solutions, 1,024 verifications`."""
    parts = [f"{tally.problems:,} problems", f"{tally.solutions:,} solutions"]
    if tally.verifications:
        parts.append(f"{tally.verifications:,} verifications")
    return ", ".join(parts)


class _Lines:
    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, tally: Tally) -> None:
        if time.monotonic() - self._last > _LINE_EVERY_S:
            self._last = time.monotonic()
            say(f"[import] {tally_line(tally)}", error=True)


@contextmanager
def _live() -> Iterator[Progress]:
    from rich.progress import Progress as Bar
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    from ttc.report.console import Console

    said = TextColumn("importing: {task.description}", markup=False)
    columns = (SpinnerColumn(), said, TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=None)
        yield lambda tally: bar.update(task, description=tally_line(tally))
