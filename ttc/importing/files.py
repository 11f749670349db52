"""The files of a folder or a tar archive, one at a time; links are passed over."""

from __future__ import annotations

import os
import re
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ttc.errors import DataError
from ttc.store.atomic import reason

ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_LARGEST = 2**30  # bytes of one file


@dataclass(frozen=True, slots=True)
class File:
    """A file's content; `name` is its path within the source, `place` the one for messages."""

    name: str
    place: str
    content: bytes


def is_archive(path: Path) -> bool:
    """Whether a file's name is that of a tar archive."""
    return path.name.lower().endswith(ARCHIVES)


def file_names(folder: Path) -> Iterator[str]:
    """Names of the YAML files of a folder, relative to it."""
    yield from (file.relative_to(folder).as_posix() for file in _walk(folder))


def files(path: Path) -> Iterator[File]:
    """YAML files, whole; a folder's in the order of their numbers, an archive's in its own.

    An archive is read once, in place: nothing is unpacked to the disk, so its members' names can
    lead nowhere. Raises `DataError` for a broken archive and for a file beyond 1 GiB.
    """
    if path.is_dir():
        for file in _walk(path):
            _refuse_large(file.stat().st_size, str(file))
            try:
                content = file.read_bytes()
            except OSError as error:
                raise DataError(f"can't read {file}: {reason(error)}") from error
            yield File(file.relative_to(path).as_posix(), str(file), content)
    else:
        with _opened(path) as archive:
            yield from _members(path, archive)


def _members(path: Path, archive: tarfile.TarFile) -> Iterator[File]:
    try:
        for member in archive:
            if not member.isfile() or not member.name.endswith((".yaml", ".yml")):
                continue
            place = f"{path}/{member.name}"
            _refuse_large(member.size, place)
            stream = archive.extractfile(member)
            if stream is not None:
                yield File(member.name, place, stream.read())
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise DataError(f"{path}: the archive is damaged: {error}") from error


def _opened(path: Path) -> tarfile.TarFile:
    try:
        return tarfile.open(path, mode="r|*")
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise DataError(f"{path}: no readable tar archive: {error}") from error


def _walk(folder: Path) -> Iterator[Path]:
    """YAML files below a folder in natural order (2 before 10), files before subfolders."""
    for where, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted((f for f in folders if not f.startswith(".")), key=_natural)
        for name in sorted(names, key=_natural):
            file = Path(where, name)
            if name.endswith((".yaml", ".yml")) and not file.is_symlink() and file.is_file():
                yield file


def _natural(name: str) -> list[tuple[int, str]]:
    parts = re.split(r"(\d+)", name)
    return [(int(part[:18]), "") if part.isdecimal() else (-1, part) for part in parts]


def _refuse_large(size: int, place: str) -> None:
    if size > _LARGEST:
        raise DataError(f"{place}: {size / 2**30:.1f} GiB in one file; 1 GiB is the most")
