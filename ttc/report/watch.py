"""`ttc status`: the status of a run once, or followed until it ends."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ttc.report.status import status_line, status_panel
from ttc.store.read_status import as_plain, look
from ttc.store.run_folder import RunFolder
from ttc.store.run_log import read_log
from ttc.terminal import say_json

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_EVERY_S = 1.0
_LINE_EVERY_S = 10.0


def show_status(
    console: Console, run: RunFolder, events: int, *, as_json: bool, watch: bool
) -> None:
    """Print a run's status, once or until it ends. Raises `DataError` where there is no run."""
    from ttc.report.console import line

    if as_json:
        for _ in _moments(run, _EVERY_S if watch else None):
            say_json(as_plain(run, events), indent=None if watch else 2)
    elif watch and console.is_terminal:
        _follow(console, run, events)
    elif watch:
        for _ in _moments(run, _LINE_EVERY_S):
            status, _ = look(run)
            console.print(line(f"{run.name} {status.state}: {status_line(status)}"))
    else:
        console.print(_panel(run, events))


def _follow(console: Console, run: RunFolder, events: int) -> None:
    from rich.live import Live

    with Live(console=console, auto_refresh=False) as display:
        for _ in _moments(run, _EVERY_S):
            display.update(_panel(run, events), refresh=True)


def _panel(run: RunFolder, events: int) -> RenderableType:
    status, _ = look(run)
    return status_panel(status, read_log(run, events) if events else ())


def _moments(run: RunFolder, every: float | None) -> Iterator[None]:
    """Now, and then again as long as somebody works on the run; the end is a moment too."""
    yield
    while every is not None:
        alive = look(run)[1]
        if not alive:
            return
        time.sleep(every)
        yield
