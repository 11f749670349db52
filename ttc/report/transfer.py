"""How bytes that come are shown."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ttc.terminal import say

_LINE_EVERY_S = 10.0


@contextmanager
def show_transfer(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """A callback that shows on standard error how many bytes came of how many."""
    if not sys.stderr.isatty():
        yield _Lines(what)
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    from ttc.report.console import Console

    said = TextColumn("{task.description}", markup=False)
    columns = (said, BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda came, whole: bar.update(task, completed=came, total=whole)


class _Lines:
    def __init__(self, what: str) -> None:
        self._what, self._last = what, time.monotonic()

    def __call__(self, came: int, whole: int | None) -> None:
        if time.monotonic() - self._last > _LINE_EVERY_S:
            self._last = time.monotonic()
            of = "" if whole is None else f" of {whole / 1e6:,.0f}"
            say(f"[{self._what}] {came / 1e6:,.0f}{of} MB", error=True)
