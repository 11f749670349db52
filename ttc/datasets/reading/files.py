"""Text of data files, compressed or not, a line at a time and never more than a limit of it."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TextIO, cast

from ttc.errors import DataError

MOST_TEXT = 8 * 2**20
"""Characters of one question, answer or option; the longest contexts hold fewer."""
MOST_ROW = 256 * 2**20
"""Characters of one line, and of one cell; a line may hold many samples."""
MOST_DEPTH = 32
"""Lists and objects within each other in one row."""
COMPRESSED = (".gz", ".bz2", ".xz")
_MAGIC: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZ": bz2.open,
    b"\xfd7": lzma.open,
}


@contextmanager
def open_text(path: Path, newline: str | None = None) -> Iterator[TextIO]:
    """A UTF-8 text file, decompressed where its first bytes say that it is compressed.

    Raises `DataError` for what is cut short or no such file after all.
    """
    with open_bytes(path) as file:
        yield io.TextIOWrapper(file, encoding="utf-8-sig", newline=newline)


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """As `open_text`, without decoding."""
    with path.open("rb") as plain:
        start = plain.peek(2)[:2]
        unpack = _MAGIC.get(start) if path.suffix.lower() in COMPRESSED else None
        try:
            if unpack is None:
                yield plain
            else:
                with unpack(plain, "rb") as file:
                    yield cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, file)))
        except (gzip.BadGzipFile, EOFError, zlib.error, lzma.LZMAError) as error:
            raise DataError(f"{path}: a compressed file that is damaged: {error}") from None


def lines_of(file: TextIO, path: Path) -> Iterator[str]:
    """Lines of a text file. Raises `DataError` with the line where one is too long or not UTF-8."""
    number = 0
    try:
        while line := file.readline(MOST_ROW + 1):
            number += 1
            if len(line) > MOST_ROW:
                raise DataError(f"{path}:{number}: a line of more than {MOST_ROW:,} characters")
            yield line
    except UnicodeDecodeError:
        raise DataError(f"{path}:{_undecodable_line(path)}: not UTF-8 text") from None


def _undecodable_line(path: Path) -> int:
    """The first line that is not UTF-8; text files are decoded in blocks, which hides it."""
    with open_bytes(path) as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return 1


def too_deep(value: object) -> bool:
    """Whether lists and objects stand in each other deeper than `MOST_DEPTH`; never recursive."""
    level = [value]
    for _ in range(MOST_DEPTH + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list | tuple)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True
