"""Calls that were sent and not settled, in a file that outlives a killed process.

Whatever is under way when a process dies may be billed, and only its own notes can tell. A note is
made before a call is sent and wiped when its reply is in the journal, or when it was refused; of a
call that was lost, it stays. Notes are written to the system's memory, not to the disk: that
survives the process, costs some microseconds, and is gone only with the machine.

A folder of results has one such file for each run at work. It is read, and what it tells is put to
the run's bills, at the run's end or, where that never came, when its next try begins.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from ttc.budget.allocation import Amounts, added, nothing
from ttc.budget.cost import UNITS, Unit

log = logging.getLogger(__name__)
_SLOT = 192  # bytes of a note
_WIPED = b" " * (_SLOT - 1) + b"\n"


class UnderWay:
    """The notes of one run. run: its name; without one, nothing is noted."""

    def __init__(self, journal: Path, run: str) -> None:
        self.path: Path | None = None
        if run:
            self.path = journal.with_name(f"{journal.name}-underway-{_digest(run)}")
        self._file: IO[bytes] | None = None
        self._free: list[int] = []
        self._slots = 0
        self._told = False

    def note(self, problem: str, amounts: Amounts, slot: int | None = None) -> int | None:
        """Note what a call may be billed; its place, which a later note may take over."""
        if self.path is None:
            return None
        if slot is None:
            slot = self._free.pop() if self._free else self._slots
            self._slots = max(self._slots, slot + 1)
        text = json.dumps([_digest(problem), *(amounts[u] for u in UNITS)])
        self._write(slot, text.encode().ljust(_SLOT - 1) + b"\n")
        return slot

    def wipe(self, slot: int | None) -> None:
        """A call is settled."""
        if slot is not None:
            self._write(slot, _WIPED)
            self._free.append(slot)

    def _write(self, slot: int, line: bytes) -> None:
        try:
            if self._file is None:
                assert self.path is not None
                self._file = self.path.open("wb", buffering=0)
            if hasattr(os, "pwrite"):  # one call of the system, not two; there are many notes
                os.pwrite(self._file.fileno(), line, slot * _SLOT)
            else:
                self._file.seek(slot * _SLOT)
                self._file.write(line)
        except OSError as error:  # the journal will say so too, and end the run
            if not self._told:
                self._told = True
                log.warning("calls under way can't be noted in %s: %s", self.path, error.strerror)

    def left(self, problems: Iterable[str]) -> dict[str, dict[Unit, float]]:
        """What the notes tell, by problem; of a problem that is none of these, under no name."""
        if self.path is None:
            return {}
        names = {_digest(problem): problem for problem in problems}
        found: dict[str, dict[Unit, float]] = {}
        with suppress(FileNotFoundError):
            for line in self.path.read_bytes().splitlines():
                digest, amounts = _read(line)
                if amounts is not None:
                    name = names.get(digest, "")
                    found[name] = added(found.get(name, nothing()), amounts)
        return found

    def clear(self) -> None:
        """What the notes tell is kept elsewhere by now."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._free, self._slots = [], 0
        if self.path is not None:
            self.path.unlink(missing_ok=True)


def _digest(name: str) -> str:
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _read(line: bytes) -> tuple[str, Mapping[Unit, float] | None]:
    """A note; no amounts where the line is none."""
    try:
        digest, *amounts = json.loads(line)
        return str(digest), {u: float(a) for u, a in zip(UNITS, amounts, strict=True)}
    except (ValueError, TypeError):
        return "", None
