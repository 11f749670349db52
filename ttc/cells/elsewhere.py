"""Does a cell where an engine's worker is: in the folder of who asked, tied to the worker."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from ttc.cells.cell import Cell, Done, command, ended
from ttc.errors import Busy

Stopped = Callable[[], bool]
"""Whether who asked for the cell wants it to stop; asked about once a second."""
_LOOK_S = 1.0
STOPPED = 130
"""The exit code of what Ctrl-C stopped."""


def do_in(cell: Cell, folder: str, stopped: Stopped) -> Done:
    """Do a cell in a process of its own, and wait. Raises nothing.

    folder: where relative paths begin. A run that another process is at is waited for: it may be
    what a worker that was killed left behind, which is stopping, or another try at the same cell.
    """
    if not Path(folder).is_dir():
        return Done(
            cell,
            127,
            f"{socket.gethostname()} has no folder {folder}: workers need the disk that holds the "
            "recipe and the results",
        )
    while not stopped():
        done = _once(cell, folder, stopped)
        if done.code != Busy.exit_code:
            return done
        time.sleep(_LOOK_S)
    return Done(cell, STOPPED, "stopped before it began")


def _once(cell: Cell, folder: str, stopped: Stopped) -> Done:
    try:
        child = begin(cell, folder)
    except OSError as error:
        return Done(cell, 127, str(error))
    asked = False
    while True:
        try:
            stdout, stderr = child.communicate(timeout=_LOOK_S)
            return ended(cell, child.returncode, stdout, stderr)
        except subprocess.TimeoutExpired:
            if not asked and stopped():
                child.send_signal(signal.SIGINT)
                asked = True


def begin(cell: Cell, folder: str | None = None) -> subprocess.Popen[str]:
    """Start the process that does a cell and ends with this one. Raises `OSError`.

    In a session of its own: what is typed at this one's terminal is not for the run, which is
    asked to stop once, by who waits for it; a second Ctrl-C would cut short what it writes down.
    """
    return subprocess.Popen(
        tied(cell),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )


def tied(cell: Cell) -> list[str]:
    """The words of the process that does a cell and ends with the process that starts it."""
    return command(cell, "ttc.cells.tied", str(os.getpid()))
