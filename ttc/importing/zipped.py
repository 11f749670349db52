"""Members of a zip archive, read in place with a limit; Zstandard ones, too.

Nothing is unpacked under a name of the archive, so names can lead nowhere; a member that grows
beyond its limit when unpacked is refused before it is in memory.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ttc.errors import DataError

MOST_MEMBER = 512 * 2**20
"""Bytes of one member, unpacked."""
_ZSTANDARD = 93  # which Python's own zipfile learns with 3.14
_LOCAL_HEADER = 30
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, struct.error)


class Archive:
    """An open zip archive. Of two members of one name the later holds, as in every zip reader."""

    def __init__(self, path: Path, archive: zipfile.ZipFile, file: BinaryIO) -> None:
        self.path = path
        self.names = tuple(dict.fromkeys(i.filename for i in archive.infolist() if not i.is_dir()))
        self._archive = archive
        self._file = file

    def place(self, name: str) -> str:
        """A member's place, for messages."""
        return f"{self.path}/{name}"

    def size(self, name: str) -> tuple[int, int]:
        """Bytes that the archive says a member has, unpacked and packed."""
        info = self._archive.getinfo(name)
        return info.file_size, info.compress_size

    def read(self, name: str, most: int | None = None) -> bytes:
        """A member's content. Raises `DataError` for one that is damaged, locked or too large."""
        place, most = self.place(name), most or MOST_MEMBER
        try:
            info = self._archive.getinfo(name)
            if info.flag_bits & 1:
                raise DataError(f"{place}: is encrypted; unlock the archive first")
            if info.compress_type == _ZSTANDARD:
                content = self._zstandard(info, most)
            else:
                with self._archive.open(info) as member:
                    content = member.read(most + 1)
        except NotImplementedError as error:
            raise DataError(f"{place}: is packed in a way that can't be read: {error}") from None
        except _DAMAGE as error:
            raise DataError(f"{place}: the archive is damaged: {error}") from None
        if len(content) > most:
            raise DataError(f"{place}: more than {most / 2**20:,.0f} MiB, unpacked; refused")
        return content

    @contextmanager
    def stream(self, name: str) -> Iterator[BinaryIO]:
        """A member as a stream, for large ones. Raises `DataError` where it is damaged."""
        try:
            with self._archive.open(name) as member:
                yield member  # type: ignore[misc]
        except NotImplementedError as error:
            raise DataError(f"{self.place(name)}: can't be unpacked: {error}") from None
        except _DAMAGE as error:
            raise DataError(f"{self.place(name)}: the archive is damaged: {error}") from None

    def _zstandard(self, info: zipfile.ZipInfo, most: int) -> bytes:
        import pyarrow as pa

        self._file.seek(info.header_offset)
        name_size, extra_size = struct.unpack("<HH", self._file.read(_LOCAL_HEADER)[26:30])
        self._file.seek(name_size + extra_size, 1)
        packed = pa.BufferReader(self._file.read(info.compress_size))
        with pa.input_stream(packed, compression="zstd") as stream:
            content = bytes(stream.read(most + 1))
        if len(content) <= most and zlib.crc32(content) != info.CRC:
            raise zipfile.BadZipFile("its checksum is wrong")
        return content


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """An archive to read. Raises `DataError` for a file that is none."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise DataError(f"{path}: can't be read: {error.strerror or error}") from None
    with file:
        try:
            archive = zipfile.ZipFile(file)
        except _DAMAGE as error:
            raise DataError(f"{path}: no readable zip archive: {error}") from None
        with archive:
            yield Archive(path, archive, file)
