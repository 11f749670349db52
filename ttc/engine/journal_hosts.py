"""Which host has a journal open, where hosts may share the file system that it lies on.

Each process leaves a note beside the journal while it has it open, and touches it now and then. A
note of another host that was touched lately proves that two hosts are at the journal, which is
refused. All times are the file server's, since hosts' clocks differ; who came first stays.
"""

from __future__ import annotations

import glob
import json
import logging
import os
import platform
import secrets
import threading
import time
from contextlib import suppress
from pathlib import Path

from ttc.engine.journal_place import network_type, on_network
from ttc.errors import TtcError
from ttc.listing import found_below

log = logging.getLogger(__name__)
_TOUCH_S = 10.0
_ALIVE_S = 60.0
"""Seconds after its last touch in which a note tells of a living process."""


class HostNote:
    """Tells other hosts that this one has a journal open, from `open` until `close`."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._path: Path | None = None
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self, *, alone: bool = False) -> str:
        """Leave a note where the journal is on a network file system; returns what a person should
        be told of that, empty for nothing. alone: no other process ever uses this journal.

        Raises `TtcError` where another host has the journal open.
        """
        kind = network_type(self._journal)
        if kind is None:
            return ""
        with suppress(OSError):  # who can't write here is told by the journal itself
            self._journal.parent.mkdir(parents=True, exist_ok=True)
            self._leave()
        other = self._other()
        if other:
            self.close()
            raise TtcError(
                f"the journal {self._journal} is open on the host {other}, and {kind} is a network "
                f"file system: two hosts would damage it. Give this host its own by --journal PATH "
                f"(engine.journal), or wait; ttc journal pull brings samples together"
            )
        return "" if alone else on_network(self._journal, kind)

    def close(self) -> None:
        """Nobody here uses it any more."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
            self._path = None

    def _leave(self) -> None:
        token = secrets.token_hex(6)
        temporary = self._journal.with_name(f".{self._journal.name}-{token}")
        temporary.write_text(json.dumps({"host": platform.node(), "pid": os.getpid()}))
        since = temporary.stat().st_mtime_ns  # so that names are in the order of their making
        self._path = self._journal.with_name(f"{self._journal.name}-host-{since:020}-{token}")
        os.replace(temporary, self._path)
        self._thread = threading.Thread(target=self._touch, name="ttc-host", daemon=True)
        self._thread.start()

    def _touch(self) -> None:
        while not self._over.wait(_TOUCH_S):
            with suppress(OSError):
                assert self._path is not None
                os.utime(self._path)

    def _other(self) -> str:
        """A host that had it open before and still has; empty for none."""
        found = _notes(self._journal)
        newest = max((touched for _, _, touched in found), default=0.0)
        for name, host, touched in sorted(found):
            earlier = self._path is None or name < self._path.name
            if earlier and host != platform.node() and newest - touched < _ALIVE_S:
                return host
        return ""


def _notes(journal: Path) -> list[tuple[str, str, float]]:
    """Names of the notes beside a journal, their hosts, and when each was touched last."""
    found = []
    for path in found_below(journal.parent, f"{glob.escape(journal.name)}-host-*"):
        with suppress(OSError, ValueError, TypeError, KeyError):
            host = str(json.loads(path.read_text())["host"])
            found.append((path.name, host, path.stat().st_mtime))
    return found


def hosts(journal: Path) -> list[str]:
    """Those that have a journal open, as far as notes and this host's clock tell."""
    now = time.time()
    return sorted({host for _, host, touched in _notes(journal) if now - touched < _ALIVE_S})
