"""How a run is shown while it goes on: a live display, or log lines without a terminal."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from ttc.alongside import alongside
from ttc.report.status import status_line, status_panel
from ttc.store.status import RunStatus
from ttc.terminal import say

_LINE_EVERY_S = 10.0
_FIRST_LINE_S = 2.0  # of waiting for something that has a name
_LOOK_AGAIN_S, _LOOKS = 0.25, 30
_FRAMES_PER_S = 4.0
# Before that all figures are zero, and an error that ends the run says more.
_WORTH_A_LINE = ("sampling", "paused", "stopping", "evaluating")
# Events that are shown as they come.
_SAID = ("stopping", "paused", "resumed", "engine_changed", "retry_wanted", "asking_again")


@contextmanager
def show_progress(status: Callable[[], RunStatus], *, plain: bool) -> Iterator[None]:
    """Show a run's status on standard error until the block ends, and warnings as they come.

    `status` is called from other threads. Both displays read it at their own pace, so that a fast
    run is not slowed by its display and a stalled one still shows.
    """
    with warnings_shown():
        if plain or not sys.stderr.isatty():
            with _lines(status):
                yield
        else:
            with _live(status):
                yield


@contextmanager
def _lines(status: Callable[[], RunStatus]) -> Iterator[None]:
    def say() -> None:
        now = status()
        if now.doing or now.stage in _WORTH_A_LINE:
            _print(f"[{now.recipe_name}] {status_line(now)}")

    def work(over: threading.Event) -> None:
        wait = _FIRST_LINE_S
        for _ in range(_LOOKS):
            if over.wait(wait):
                return
            if status().doing:
                say()
                break
            wait = _LOOK_AGAIN_S  # a busy machine may take longer to get there
        while not over.wait(_LINE_EVERY_S):
            say()

    try:
        with alongside("ttc-lines", work):
            yield
    finally:
        say()


@contextmanager
def _live(status: Callable[[], RunStatus]) -> Iterator[None]:
    from rich.live import Live

    from ttc.report.console import Console

    display = Live(
        console=Console(stderr=True),
        get_renderable=lambda: status_panel(status()),
        refresh_per_second=_FRAMES_PER_S,
    )
    # A terminal that went away must not end a run that goes on without it.
    with suppress(OSError):
        display.start(refresh=True)
    try:
        yield
    finally:
        with suppress(OSError):
            display.stop()


def _print(text: str) -> None:
    """To standard error, where anybody still reads it."""
    with suppress(OSError, ValueError):
        say(text, error=True)


@contextmanager
def warnings_shown() -> Iterator[None]:
    """Print ttc's warnings and some events; retries are counted in the display instead."""
    handler = _Stderr(logging.INFO)
    logger = logging.getLogger("ttc")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


class _Stderr(logging.Handler):
    """To whatever standard error is at the moment: a live display puts itself in its place."""

    def emit(self, record: logging.LogRecord) -> None:
        text = " ".join(record.getMessage().split())
        event = getattr(record, "event", None)
        if event in _SAID:
            _print(text[:1].upper() + text[1:])
        elif event is None and record.levelno >= logging.WARNING:
            _print(f"{record.levelname.capitalize()}: {text}")
