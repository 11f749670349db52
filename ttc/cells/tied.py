"""`python -m ttc.cells.tied PID WORDS`: `ttc WORDS` that stops once its parent, PID, is gone.

A worker that is killed leaves the run that it started behind, which holds the run's lock and goes
on spending. Tied, that run stops as by Ctrl-C: answers that are on their way are waited for and
written down, so whoever does the cell again pays for none of them twice.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time

_LOOK_S = 0.2


def tie_to(parent: int) -> None:
    """Ask this process to stop, as Ctrl-C would, when its parent is another than `parent`."""
    # A worker that a script put into the background ignores Ctrl-C, and all that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=_watch, args=(parent,), daemon=True, name="tied").start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    tie_to(int(sys.argv[1]))
    sys.argv[1:] = sys.argv[2:]
    runpy.run_module("ttc", run_name="__main__", alter_sys=True)
