"""What an engine is: cells in, endings out."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Protocol

from ttc.cells.cell import Cell, Done


class Engine(Protocol):
    """Does cells somewhere, each by the command that `Cell.arguments` says.

    A module of an engine has `open_engine(address, jobs) -> Engine`; address is what stands behind
    `://`, empty where nothing does.
    """

    @property
    def jobs(self) -> int:
        """Cells under way at a time, at most; 0 where the engine does not know."""
        ...

    def run(self, cells: Sequence[Cell]) -> Generator[Done, None, None]:
        """Do cells, each once, and yield how each ended, in the order in which they end.

        A cell that fails is yielded as failed and takes nobody along. Closing the generator
        cancels: what has not begun is not begun, what is under way is asked to stop as Ctrl-C would
        ask it, and awaited. Raises `TtcError` only where the engine itself is lost.
        """
        ...
