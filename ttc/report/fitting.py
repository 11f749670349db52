"""How a fit is shown while it goes on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ttc.pipeline.scaling.progress import Progress


@contextmanager
def show_fitting() -> Iterator[Progress]:
    """A callback that shows on standard error, where that is a terminal, how far a fit is."""
    if not sys.stderr.isatty():
        yield _nowhere
        return
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    from ttc.report.console import Console, line

    columns = (
        SpinnerColumn(),
        TextColumn("fitting {task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed} of {task.total} resamples", markup=False),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def show(what: str, done: int, total: int) -> None:
            bar.update(task, description=line(what).plain, completed=done, total=total)

        yield show


def _nowhere(_what: str, _done: int, _total: int) -> None:
    pass
