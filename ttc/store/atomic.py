"""Files that are either the old one or the new one, never half of either."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ttc.errors import DataError

_SUFFIX = ".part"


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, renamed onto it when the block ends without an exception.

    The content is on the disk (fsync) before the rename, and the folder entry after it. When the
    block raises, the temporary file goes and `path` keeps what it had.
    Raises `DataError` where the folder can't be written; the block's own errors pass unchanged.
    """
    temporary = path.parent / f".{path.name}.{secrets.token_hex(4)}{_SUFFIX}"
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch(exist_ok=False)
    try:
        yield temporary
        with writing(path):
            _sync(temporary)
            os.replace(temporary, path)
            _sync(path.parent)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an operating-system error of the block into a `DataError` that names `path`."""
    try:
        yield
    except OSError as error:
        raise DataError(f"can't write {path}: {reason(error)}") from error


def write_text(path: Path, text: str) -> None:
    """Write a small text file atomically, as UTF-8."""
    with atomic_path(path) as temporary, writing(path):
        temporary.write_text(text, encoding="utf-8")


def remove_leftovers(folder: Path) -> int:
    """Remove temporary files that a killed process left in `folder`; returns how many.

    Only for a caller that holds the run's lock: a living writer's file would go too.
    """
    leftovers = list(folder.glob(f".*{_SUFFIX}"))
    for leftover in leftovers:
        with suppress(OSError):
            leftover.unlink()
    return len(leftovers)


def reason(error: OSError) -> str:
    """The cause of an operating-system error in the system's words, without path and number."""
    # Libraries put sentences of their own into `strerror`; the number tells what the system said.
    said = os.strerror(error.errno) if error.errno else error.strerror or str(error)
    return (said or type(error).__name__).lower()


def _sync(path: Path) -> None:
    """Flush a file or a folder to the disk, where the system can (Windows can't open folders)."""
    if os.name == "nt":  # pragma: no cover
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
