"""Which of several runs draws a request's samples; the others wait and find them in the journal.

A claim is an advisory lock on one byte of an empty file beside the journal. Which byte follows from
the request's content, so any number of processes agree on it without a word. The system frees what
a process held however that ends: there is nothing to renew, to clean up or to write to the disk.
Libraries for file locks know whole files only. The file is never removed: who waits has it open.

No two runs wait for each other. A claim is taken within the turn of its problem, before the
request's first ticket, and whoever holds one waits only for calls and for earlier requests of that
problem, which hold theirs by then; never for another claim.

Where locks are not to be had, runs go on without: what they find in the journal still comes first.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

log = logging.getLogger(__name__)
_SHORTEST_S, _LONGEST_S, _GROWTH = 0.02, 0.5, 1.5  # pauses between looks whether a claim is free
_TOLD_S = 3.0  # of waiting, after which the log says so
_OFFSET_BITS = 62  # an offset in a file is a signed number of 64 bits


class Claims:
    """The claims of one run. Belongs to one event loop; close it."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._file = _opened(journal.with_name(journal.name + "-claims"))
        self._held: Counter[int] = Counter()
        self._told = False

    async def take(self, content: bytes, seconds_left: Callable[[], float | None]) -> bool:
        """Wait until no other run draws samples of this content; False where time is up before.

        content: a digest. Requests of one content share the run's claim; each is to release it.
        """
        at = _offset(content)
        pause, waited = _SHORTEST_S, 0.0
        while not self._file.lock(at, self):
            left = seconds_left()
            if left is not None and left <= 0:
                return False
            if waited > _TOLD_S and not self._told:
                self._told = True
                log.warning("waiting for samples that another run draws, see %s", self._journal)
            pause = pause if left is None else min(pause, left)
            await asyncio.sleep(pause)
            waited += pause
            pause = min(_GROWTH * pause, _LONGEST_S)
        self._held[at] += 1
        return True

    def release(self, content: bytes) -> None:
        """A request that took a claim has its samples in the journal."""
        at = _offset(content)
        if self._held[at] <= 1:
            del self._held[at]
            self._file.free(at, self)
        else:
            self._held[at] -= 1

    def close(self) -> None:
        """Release what is still held."""
        for at in self._held:
            self._file.free(at, self)
        self._held.clear()
        _closed(self._file)


class _File:
    """A file whose bytes are locked for the claims of all runs in this process.

    The system's locks belong to a process: a second one of the same byte would be granted, and
    closing any descriptor of the file ends them all. So there is one descriptor, and a note of
    whose each byte is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.users = 0
        self._owners: dict[int, Claims] = {}
        self._guard = threading.Lock()
        self._works = True
        self._fd = -1
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            self._do_without(error)

    @property
    def inode(self) -> tuple[int, int] | None:
        """What tells the file from others; None where there is none."""
        return None if self._fd < 0 else _inode(self._fd)

    def lock(self, at: int, owner: Claims) -> bool:
        """Whether a byte is the owner's by now, or may be taken for it."""
        with self._guard:
            if at not in self._owners and self._lock(at):
                self._owners[at] = owner
            return self._owners.get(at) is owner

    def free(self, at: int, owner: Claims) -> None:
        with self._guard:
            if self._owners.get(at) is not owner:
                return
            del self._owners[at]
            if self._works:
                import fcntl

                try:
                    fcntl.lockf(self._fd, fcntl.LOCK_UN, 1, at)
                except OSError as error:
                    self._do_without(error)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)

    def _lock(self, at: int) -> bool:
        """Whether no other process has the byte, as far as that can be told."""
        if not self._works:
            return True
        try:
            import fcntl

            fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, at)
        except (ImportError, OSError) as error:
            # EACCES, which POSIX allows too, is on today's systems a refusal of all locks.
            if isinstance(error, OSError) and error.errno == errno.EAGAIN:
                return False
            self._do_without(error)
        return True

    def _do_without(self, error: BaseException) -> None:
        self._works = False
        why = error.strerror if isinstance(error, OSError) else "this system has no such locks"
        log.warning(
            "can't lock parts of %s: %s; runs of this folder that are at work at the same time may "
            "draw, and pay for, the same samples twice",
            self.path,
            why,
        )


_files: dict[tuple[int, int], _File] = {}
_files_guard = threading.Lock()


def _opened(path: Path) -> _File:
    with _files_guard:
        try:
            file = _files.get(_inode(path))
        except OSError:
            file = None
        if file is None:
            file = _File(path)
            if file.inode is not None:
                _files[file.inode] = file
        file.users += 1
        return file


def _closed(file: _File) -> None:
    with _files_guard:
        file.users -= 1
        if file.users == 0:
            if file.inode is not None:
                del _files[file.inode]
            file.close()


def _inode(file: Path | int) -> tuple[int, int]:
    status = os.stat(file)
    return status.st_dev, status.st_ino


def _offset(content: bytes) -> int:
    return int.from_bytes(content[:8], "big") >> (64 - _OFFSET_BITS)
