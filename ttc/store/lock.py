"""One process at a time works on a run; others can ask whether one does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ttc.errors import Busy, TtcError
from ttc.store.run_folder import RunFolder

_NAME = ".lock"
# `held` takes the lock for an instant; a run that starts just then must not be refused.
_PATIENCE_S = 0.5


@contextmanager
def locked(run: RunFolder) -> Iterator[None]:
    """Hold the lock on a run's folder, which is made where there is none.

    Raises `Busy` where another process holds it, and `TtcError` where the folder can't be written.
    The system frees the lock of a process that died.
    """
    busy = f"another process is running {run.name}; follow it with: ttc status {run.path}"
    with locked_folder(run.path, busy):
        yield


@contextmanager
def locked_folder(path: Path, busy: str) -> Iterator[None]:
    """The same of any folder that one process at a time may write; busy: what `Busy` says."""
    from filelock import FileLock, Timeout

    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path / _NAME)
        lock.acquire(timeout=_PATIENCE_S, poll_interval=0.02)
    except Timeout:
        raise Busy(busy) from None
    except OSError as error:
        raise TtcError(f"can't write in {path}: {error.strerror}") from None
    try:
        yield
    finally:
        lock.release()


def held(run: RunFolder) -> bool | None:
    """Whether a process works on the run now; None where that can't be told (rights).

    Those who look don't count as working, nor do they keep a run from starting.
    """
    path = run.path / _NAME
    try:
        with path.open("rb") as file:
            return _excluded(file.fileno())
    except FileNotFoundError:
        return False
    except (OSError, NotImplementedError):
        return _by_taking(path)


def _excluded(descriptor: int) -> bool:
    """Whether somebody holds the file's lock, by a shared one, which others who look may have, too.

    Raises `OSError` and `NotImplementedError` where there is no such lock.
    """
    try:
        import fcntl
    except ImportError:
        raise NotImplementedError from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False  # closing the file gives the lock back


def _by_taking(path: Path) -> bool | None:
    from filelock import FileLock, Timeout

    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except (OSError, NotImplementedError):
        return None
    lock.release()
    return False
