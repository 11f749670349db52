"""How an import is shown while it goes on."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ttc.importing import Progress, Tally
from ttc.terminal import say

_LINE_EVERY_S = 10.0


@contextmanager
def show_import() -> Iterator[Progress]:
    """A callback that shows what was read so far on standard error: live, or line by line."""
    if sys.stderr.isatty():
        with _live() as progress:
            yield progress
    else:
        yield _Lines()


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
