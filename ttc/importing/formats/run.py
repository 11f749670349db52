"""A run of ttc itself, as a folder or as the zip archive that `ttc export` makes of one.

Its tables and manifest stand at the top, or in one folder at the top. Nothing is judged anew.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from ttc.errors import DataError
from ttc.importing.formats import Format
from ttc.importing.sources import Glimpse, Source
from ttc.importing.zipped import opened
from ttc.store.atomic import atomic_path
from ttc.store.columns import RUN_TABLES, TableName
from ttc.store.manifest import Manifest
from ttc.store.run_folder import MANIFEST_NAME, WRITTEN, RunFolder
from ttc.store.tables import open_parquet

_NEEDED = (MANIFEST_NAME, "problems.parquet", "solutions.parquet")
_RUN_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_TOP = re.compile(r"(?:[^/\\]+/)?")
_MOST_TABLE = 32 * 2**30  # bytes
_MOST_GROWTH = 200  # tables are packed already
_SMALL = 2**20


def fits(glimpse: Glimpse) -> bool:
    """Whether a manifest stands beside tables, in a folder or an archive."""
    return glimpse.kind in ("folder", "zip") and _inside(glimpse.names) is not None


def adopt(source: Source, run: RunFolder) -> Manifest:
    """Copy the run's files into `run`'s folder, check them, and return the manifest.

    Raises `DataError` for files that are damaged, or not those that the manifest speaks of.
    """
    with _held(source.path) as (names, streams):
        top = _inside(names)
        if top is None:
            raise DataError(f"{source.path}: no run of ttc: needs {', '.join(_NEEDED)} together")
        wanted = {f"{top}{name}": name for name in WRITTEN}
        source.trail.left(sorted(name for name in names if name not in wanted))
        for name in sorted(names & wanted.keys()):
            with (
                streams(name) as stream,
                atomic_path(run.path / wanted[name]) as path,
                path.open("wb") as file,
            ):
                shutil.copyfileobj(stream, file, 2**20)
    manifest = run.manifest()
    _check(source.path, run, manifest)
    return manifest


def name_of(path: Path) -> str | None:
    """The recipe's name of the run in a folder or archive; None where it is no run."""
    if path.is_dir():
        found = RunFolder(path)
        return found.manifest().recipe_name if found.exists() and found.has_tables() else None
    glimpse = Glimpse(path)
    if not fits(glimpse):
        return None
    with opened(path) as archive:
        text = archive.read(f"{_inside(glimpse.names)}{MANIFEST_NAME}", 64 * 2**20)
    from ttc.importing.formats.inspect_log import parsed

    return str(parsed(text, archive.place(MANIFEST_NAME)).get("recipe_name", ""))


def _inside(names: frozenset[str]) -> str | None:
    """Where in an archive the run stands: "" at the top, or the one folder; None: nowhere."""
    for name in names:
        top = name.removesuffix(MANIFEST_NAME)
        at_top = top != name and _TOP.fullmatch(top)
        if at_top and all(f"{top}{one}" in names for one in _NEEDED):
            return top
    return None


def _check(place: Path, run: RunFolder, manifest: Manifest) -> None:
    if not _RUN_ID.fullmatch(manifest.run_id):
        raise DataError(f"{place}: {MANIFEST_NAME}: run_id {manifest.run_id[:60]!r} is no run's id")
    tables: dict[TableName, str] = {one: f"{one}.parquet" for one in RUN_TABLES}
    for table, name in tables.items():
        if (run.path / name).exists():
            try:
                with open_parquet(run.path / name, table, None):
                    pass
            except DataError as error:
                told = str(error).replace(f"{run.path}/", "")
                raise DataError(f"{place}: {told}") from None
    found = run.digests()
    for name, digest in manifest.tables.items():
        if found.get(name) != digest:
            what = "is missing" if name not in found else "is not the one the manifest speaks of"
            raise DataError(f"{place}: {name}.parquet {what}: damaged, or changed since the run")


Held = tuple[frozenset[str], "Streams"]


class Streams:
    """Opens the files of a folder or an archive by name."""

    def __init__(self, path: Path, stack: ExitStack) -> None:
        self._path = path
        self._archive = None if path.is_dir() else stack.enter_context(opened(path))
        if self._archive is None:
            found = (f.name for f in path.iterdir() if f.is_file() and not f.is_symlink())
            self.names = frozenset(found)
        else:
            self.names = frozenset(self._archive.names)

    @contextmanager
    def __call__(self, name: str) -> Iterator[BinaryIO]:
        if self._archive is None:
            with (self._path / name).open("rb") as file:
                yield file
            return
        size, packed = self._archive.size(name)
        if size > _MOST_TABLE or (size > _SMALL and size > _MOST_GROWTH * packed):
            raise DataError(
                f"{self._archive.place(name)}: {packed:,} bytes that become {size:,}; refused"
            )
        with self._archive.stream(name) as stream:
            yield stream


@contextmanager
def _held(path: Path) -> Iterator[Held]:
    with ExitStack() as stack:
        streams = Streams(path, stack)
        yield streams.names, streams


FORMAT = Format(
    name="run",
    about="a run's folder, or the zip archive that ttc export makes of one",
    fits=fits,
    read=lambda source: iter(()),
    rank=0,
    adopt=adopt,
)
