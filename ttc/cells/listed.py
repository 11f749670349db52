"""`python -m ttc.cells.listed FOLDER NUMBER`: does one of the cells that are listed in a file.

For what hands out numbers and nothing else, such as a job array. The list is `cells.jsonl`; how a
cell ended is written beside it, as `ended/NUMBER.json`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from ttc.cells.cell import Cell, Done
from ttc.cells.elsewhere import STOPPED, do_in
from ttc.core.shard import Shard
from ttc.errors import DataError
from ttc.store.atomic import write_text
from ttc.terminal import say

CELLS = "cells.jsonl"
ENDED = "ended"


def write_cells(folder: Path, cells: Sequence[Cell]) -> None:
    """Write the list. Raises `DataError` where the folder can't be written."""
    write_text(folder / CELLS, "".join(json.dumps(_plain(cell)) + "\n" for cell in cells))


def read_cell(folder: Path, number: int) -> Cell:
    """The cell of a number, from 1. Raises `DataError`."""
    path = folder / CELLS
    try:
        line = path.read_text(encoding="utf-8").splitlines()[number - 1 if number > 0 else 1 << 40]
        told = json.loads(line)
        shard = told["shard"]
        return Cell(
            told["recipe"],
            tuple(told["overrides"]),
            told["results"],
            None if shard is None else Shard.parse(shard),
        )
    except (OSError, IndexError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} has no cell {number}: {error}") from None


def read_ending(folder: Path, number: int, cell: Cell) -> Done | None:
    """How a cell ended, if it has. Raises `DataError` for a damaged file."""
    path = folder / ENDED / f"{number}.json"
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return Done(cell, int(told["code"]), str(told["words"]), told["facts"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} does not say how a cell ended: {error}") from None


def _plain(cell: Cell) -> dict[str, object]:
    return {
        "recipe": cell.recipe,
        "overrides": cell.overrides,
        "results": cell.results,
        "shard": None if cell.shard is None else str(cell.shard),
    }


def main(folder: Path, number: int) -> int:
    """Do a cell and write how it ended; its exit code.

    Of one that was stopped from outside (preempted, out of time) nothing is written: it has not
    ended, and goes on when it is started again.
    """
    stopped = []

    def stop(signum: int, _: FrameType | None) -> None:
        stopped.append(signum)

    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, stop)
    cell = read_cell(folder, number)
    say(" ".join(["+ ttc", *cell.arguments()]))
    done = do_in(cell, os.getcwd(), lambda: bool(stopped))
    if done.words:
        say(done.words, error=True)
    if stopped and not done.ok:
        return STOPPED
    ending = {"code": done.code, "words": done.words, "facts": done.facts}
    write_text(folder / ENDED / f"{number}.json", json.dumps(ending) + "\n")
    return done.code


if __name__ == "__main__":
    from ttc.errors import TtcError

    try:
        sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
    except TtcError as error:
        say(f"Error: {error}", error=True)
        sys.exit(error.exit_code)
