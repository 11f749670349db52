"""The unit of work: a recipe, what is changed of it, and a shard of its problems.

A cell is idempotent: its run's folder is named by what determines it, so doing it again finds it
done. It is done by `ttc run` in a process of its own, whatever engine starts that: a cell that
crashes, fills the memory or fails takes nobody along, and who reads a log can repeat it by hand.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from ttc.core.shard import Shard


@dataclass(frozen=True, slots=True)
class Cell:
    """recipe: a file or the name of a shipped one; overrides: as `--set` takes them."""

    recipe: str
    overrides: tuple[str, ...] = ()
    results: str | None = None
    shard: Shard | None = None

    def arguments(self) -> list[str]:
        """The words after `ttc` that do this cell, on any machine with the same files."""
        words = ["run", self.recipe]
        for override in self.overrides:
            words += ["--set", override]
        if self.results is not None:
            words += ["--results", self.results]
        if self.shard is not None:
            words += ["--shard", str(self.shard)]
        return words


@dataclass(frozen=True, slots=True)
class Done:
    """How a cell ended. code: the exit code, 0 where all went well; words: why it failed, as its
    last message said it; facts: of a run that ended, what `ttc run --json` says of it.
    """

    cell: Cell
    code: int
    words: str = ""
    facts: dict[str, Any] | None = None

    @property
    def ok(self) -> bool:
        """Whether the run ended as planned."""
        return self.code == 0


def command(cell: Cell, *module: str) -> list[str]:
    """The words of the process that does a cell. module: one that runs `ttc` for it, with words of
    its own before the cell's.
    """
    # -P: no module of the folder that it is started in, as the command `ttc` imports none.
    return [
        sys.executable,
        "-P",
        "-m",
        *(module or ("ttc",)),
        *cell.arguments(),
        "--plain",
        "--json",
    ]


def do(cell: Cell) -> Done:
    """Do a cell in a process of its own and wait for it. Raises nothing: a cell fails itself."""
    try:
        process = subprocess.run(
            command(cell), capture_output=True, text=True, check=False, errors="replace"
        )
    except OSError as error:
        return Done(cell, 127, str(error))
    return ended(cell, process.returncode, process.stdout, process.stderr)


def ended(cell: Cell, code: int, stdout: str, stderr: str) -> Done:
    """How a cell ended, by what its process left behind."""
    if code:
        said = "" if code < 0 else _last_words(stderr)
        return Done(cell, code, said or _unsaid(code))
    try:
        return Done(cell, 0, "", json.loads(stdout))
    except ValueError:
        return Done(cell, 1, f"ttc run printed no JSON: {stdout[-200:]!r}")


def _unsaid(code: int) -> str:
    """Of a process that ended without a word."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    memory = "; was there too little memory?" if -code == signal.SIGKILL else ""
    return f"ended by {name}{memory}"


def _last_words(stderr: str) -> str:
    """What the command said in the end; from `Error:` on, where that stands."""
    lines = [line.rstrip() for line in stderr.splitlines() if line.strip()]
    starts = [i for i, line in enumerate(lines) if line.startswith("Error: ")]
    told = lines[starts[-1] :] if starts else lines[-1:]
    return "\n".join(told).removeprefix("Error: ")
