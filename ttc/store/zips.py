"""Zip files of ours: the same bytes for the same content, and read as if an enemy had made them.

Nothing is unpacked by the names in an archive: its members are looked up by names that the reader
knows, so that no name leads out of a folder. What a member holds is counted while it is read.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import stat
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ttc.errors import DataError
from ttc.store.atomic import atomic_path, reason, writing

LARGEST = 16 * 2**30
"""Bytes that all members of an archive may have together, unpacked."""
_SMALL = 4 * 2**20  # bytes of a member below which packing is no matter
_TIGHTEST = 100  # how many times smaller packed than unpacked: parquet is packed already
_MOST_MEMBERS = 1_000
_BLOCK = 2**20
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # the earliest that the format knows
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

Content = bytes | Path


def write_zip(path: Path, members: Mapping[str, Content]) -> None:
    """Write members, by name, in this order, atomically; as they are, without packing.

    The same content gives the same bytes on any machine: no time, no owner, no packer's version.
    Raises `DataError` where the file can't be written.
    """
    with (
        atomic_path(path) as temporary,
        writing(path),
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive,
    ):
        for name, content in members.items():
            with _entry(archive, name, content) as target, _opened(content) as source:
                shutil.copyfileobj(source, target, _BLOCK)


def _opened(content: Content) -> IO[bytes]:
    return io.BytesIO(content) if isinstance(content, bytes) else content.open("rb")


def _entry(archive: zipfile.ZipFile, name: str, content: Content) -> IO[bytes]:
    entry = zipfile.ZipInfo(name, _FIRST_DAY)
    entry.create_system = 3  # on Windows, too
    entry.external_attr = (stat.S_IFREG | 0o644) << 16
    size = len(content) if isinstance(content, bytes) else content.stat().st_size
    entry.file_size = size
    return archive.open(entry, "w", force_zip64=size >= 2**31)


def digest_of(path: Path) -> str:
    """A file's SHA-256 (hex). Raises `DataError`."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"can't read {path}: {reason(error)}") from error


class Archive:
    """An open zip file whose list of members has been looked through. Made by `open_zip`."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self.path = path
        self._archive = archive
        self.sizes = {entry.filename: entry.file_size for entry in archive.infolist()}

    def read(self, name: str, most: int) -> bytes:
        """A small member's content. Raises `DataError` where there is none, or more than `most`."""
        if name not in self.sizes:
            raise DataError(f"{self.path} has no {name}")
        if self.sizes[name] > most:
            raise DataError(f"{self.path}: {name} has {self.sizes[name]:,} bytes; {most:,} at most")
        return b"".join(self._blocks(name))

    def copy(self, name: str, target: Path, seen: Callable[[int], None] | None = None) -> str:
        """Copy a member into a file that is there to be written; returns its SHA-256 (hex).

        seen: told of each block's size. Raises `DataError` for a member that is damaged, or longer
        or shorter than the archive says.
        """
        digest = hashlib.sha256()
        with target.open("wb") as file:
            for block in self._blocks(name):
                digest.update(block)
                with writing(target):
                    file.write(block)
                if seen is not None:
                    seen(len(block))
        return digest.hexdigest()

    def _blocks(self, name: str) -> Iterator[bytes]:
        told, found = self.sizes[name], 0
        try:
            with self._archive.open(name) as member:
                while block := member.read(_BLOCK):
                    found += len(block)
                    if found > told:
                        break
                    yield block
        except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, RuntimeError) as e:
            raise DataError(f"{self.path}: {name} is damaged: {e}") from e
        except OSError as error:
            raise DataError(f"can't read {self.path}: {reason(error)}") from error
        if found != told:
            raise DataError(f"{self.path}: {name} is damaged: it is not of the size it should be")


@contextmanager
def open_zip(path: Path, known: Collection[str], largest: int = LARGEST) -> Iterator[Archive]:
    """Open an archive that may hold nothing but `known` members, each once.

    Raises `DataError` that names the member for any other one (one that leads elsewhere, a link,
    an encrypted one), for what is packed as tightly as nothing of ours is, and for more than
    `largest` bytes in all.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _look_through(path, archive, known, largest)
            yield Archive(path, archive)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise DataError(f"{path} is a folder, not a zip file") from None
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError) as error:
        raise DataError(f"{path} is no readable zip file: {error}") from error
    except OSError as error:
        raise DataError(f"can't read {path}: {reason(error)}") from error


def _look_through(
    path: Path, archive: zipfile.ZipFile, known: Collection[str], largest: int
) -> None:
    entries = archive.infolist()
    if len(entries) > _MOST_MEMBERS:
        raise DataError(f"{path} has {len(entries):,} members; {_MOST_MEMBERS:,} at most")
    seen: set[str] = set()
    for entry in entries:
        if fault := _fault(entry, known, seen):
            raise DataError(f"{path}: {entry.filename[:120]!r} {fault}")
        seen.add(entry.filename)
    total = sum(entry.file_size for entry in entries)
    if total > largest:
        limit = f"{largest / 2**30:.3g} GiB"
        raise DataError(f"{path} unpacks to {total / 2**30:.3g} GiB; {limit} at most")


def _fault(entry: zipfile.ZipInfo, known: Collection[str], seen: Collection[str]) -> str:
    parts = entry.filename.replace("\\", "/").split("/")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if entry.filename.startswith(("/", "\\")) or ".." in parts or ":" in parts[0]:
        return "leads out of the archive's own folder"
    if kind not in (0, stat.S_IFREG):
        return "is no plain file"
    if entry.filename not in known:
        return "does not belong there"
    if entry.filename in seen:
        return "is there twice"
    if entry.flag_bits & 1:
        return "is encrypted"
    if entry.compress_type not in _METHODS:
        return "is packed in a way that is not read here"
    if entry.file_size > max(_SMALL, _TIGHTEST * max(1, entry.compress_size)):
        return f"unpacks to {entry.file_size:,} bytes from {entry.compress_size:,}"
    return ""
