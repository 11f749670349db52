"""Doing a sweep's cells: an engine does them, what became of each is written down as it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shlex import join
from signal import SIGINT

from ttc.cells.cell import Done
from ttc.cells.engines.base import Engine
from ttc.cells.sweep.cells import SweptCell
from ttc.errors import Busy, Interrupted
from ttc.pipeline.signals import stopping
from ttc.store.lock import locked_folder
from ttc.store.sweeps import STATE_NAME, CellState, SweepState, read_sweep_state, results_of

_WRITE_EVERY_S = 1.0


@dataclass(frozen=True)
class Ended:
    """A cell has ended. number: of those to be done, from 1; failed: among them so far."""

    cell: SweptCell
    done: Done
    number: int
    failed: int


def run_cells(
    cells: Sequence[SweptCell],
    state: SweepState,
    folder: Path,
    engine: Engine,
    told: Callable[[Ended], None],
) -> None:
    """Do cells and keep the sweep's state. A cell that fails is noted, and the others go on.

    Raises `Interrupted` for Ctrl-C, once the cells under way have kept what they have, and
    `TtcError` where the engine is lost.
    """
    by_cell = {one.cell: one for one in cells}
    states = {one.run: one for one in state.cells}
    failed = 0
    with _kept(state, folder) as write, stopping() as stop:
        try:
            with closing(engine.run([one.cell for one in cells])) as endings:
                for number, done in enumerate(endings, start=1):
                    cell = by_cell[done.cell]
                    _note(states[cell.run.name], done)
                    failed += not done.ok
                    write()
                    told(Ended(cell, done, number, failed))
        except KeyboardInterrupt:
            raise Interrupted(_how_to_go_on(state, folder), stop.signal or SIGINT) from None


@contextmanager
def _kept(state: SweepState, folder: Path) -> Iterator[Callable[[], None]]:
    """Write the state now and in the end; and by what this gives, about once a second."""
    last = 0.0

    def write() -> None:
        nonlocal last
        if time.monotonic() - last >= _WRITE_EVERY_S:
            state.write(folder)
            last = time.monotonic()

    # Two of one name would write over each other's state.
    with locked_folder(folder, f"another process is at work on the sweep {folder}"):
        if (folder / STATE_NAME).is_file() and read_sweep_state(folder).changed != state.changed:
            raise Busy(f"another process changed the sweep {folder} just now; start this one again")
        write()
        try:
            yield write
        finally:
            state.write(folder)


def _note(state: CellState, done: Done) -> None:
    state.status = "complete" if done.ok else "failed"
    state.code, state.words, state.ended = done.code, done.words, datetime.now(UTC)


def _how_to_go_on(state: SweepState, folder: Path) -> str:
    done, failed = state.count("complete"), state.count("failed")
    results = results_of(folder)
    return (
        f"Interrupted: {done} of {len(state.cells)} cells are complete, {failed} failed; what "
        f"others sampled is kept in {results}/journal.sqlite. Go on: {again(folder)}"
    )


def again(folder: Path) -> str:
    """The command that goes on with a sweep."""
    return with_results(["ttc", "sweep", folder.name, "--resume"], folder)


def with_results(words: Sequence[str], folder: Path) -> str:
    """A command about a sweep, which says where its results are unless that is the usual place."""
    results = results_of(folder)
    return join(words if results == Path("results") else [*words, "--results", str(results)])
