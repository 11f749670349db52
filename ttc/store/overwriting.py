"""What a person's own files are safe from: see docs/decisions/0026-overwriting.md."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ttc.errors import UsageError


def new_file(path: Path, force: bool, beside: Iterable[Path] = ()) -> Path:
    """A file that somebody named, to be written; beside: what will be written with it.

    What is no file, like a pipe, is written to. Raises `UsageError` for a folder, and where one of
    the files is there and is not to be replaced (`force`).
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder; name a file")
    for one in (path, *beside):
        if one.is_file() and not force:
            raise UsageError(f"{one} exists; choose another name, or --force to write over it")
    return path
