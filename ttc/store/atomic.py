"""Files that are either the old one or the new one, never half of either."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from ttc.errors import DataError

_SUFFIX = ".part"
_STALE_S = 3600.0


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
    """Write a small text file atomically, as UTF-8. What is no file, like a pipe, is written to."""
    if path.exists() and not path.is_file():
        with writing(path):
            path.write_text(text, encoding="utf-8")
        return
    with small_path(path.resolve() if path.is_symlink() else path) as temporary, writing(path):
        temporary.write_text(text, encoding="utf-8")


@contextmanager
def writing_text(path: Path) -> Iterator[TextIO]:
    """An open text file, as UTF-8 with plain line feeds, that appears as `path` when it is whole.

    Lone surrogates, which no file can hold, become question marks. Raises `DataError`.
    """
    with atomic_path(path) as temporary, writing(path):
        file = temporary.open("w", encoding="utf-8", errors="replace", newline="\n")
        with file:
            yield file


@contextmanager
def small_path(path: Path) -> Iterator[Path]:
    """As `atomic_path`, for a file that is written in a moment: what killed writers of the same
    file left an hour ago or more goes.
    """
    _remove(path.parent, [path.name], older_than=_STALE_S)
    with atomic_path(path) as temporary:
        yield temporary


def remove_leftovers(folder: Path, names: Collection[str] | None = None) -> int:
    """Remove temporary files that killed writers of `names` left in `folder`; returns how many.

    Only for a caller that alone may write these files (the holder of a run's lock, for what runs
    write): a living writer's file would go too. names: None for all.
    """
    return _remove(folder, names)


def _remove(folder: Path, names: Collection[str] | None, older_than: float = 0.0) -> int:
    removed = 0
    found: list[str] = []
    with suppress(OSError):
        found = os.listdir(folder)
    for leftover in (folder / one for one in found if one[0] == "." and one.endswith(_SUFFIX)):
        name = leftover.name[1 : -len(_SUFFIX)].rpartition(".")[0]
        with suppress(OSError):
            old = not older_than or time.time() - leftover.stat().st_mtime > older_than
            if old and (names is None or name in names):
                leftover.unlink()
                removed += 1
    return removed


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
