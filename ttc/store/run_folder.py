"""Run folders: `results/<recipe>/<run id>/`, and how a person's word for one becomes a path.

A shard of a run has a folder of the same kind, `shards/03-of-16` below the run's.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from ttc.errors import DataError
from ttc.listing import found_below
from ttc.store.columns import RUN_TABLES, TableName
from ttc.store.manifest import Damaged, Manifest, read_manifest

MANIFEST_NAME = "manifest.json"
SHARDS = "shards"
_REQUIRED: tuple[TableName, ...] = ("problems", "solutions")
_LEVELS = ("*", "*/*")  # folders below a results root that may be runs
_SHOWN = 8
_WHOLE = 64 * 2**20
_MAGIC = b"PAR1"  # how a parquet file begins and ends
_LEAST = 2 * len(_MAGIC) + 4  # both, and the length of its footer
_SHARD = re.compile(r"[0-9]{1,6}-of-[0-9]{1,6}")


WRITTEN = (MANIFEST_NAME, *(f"{name}.parquet" for name in RUN_TABLES))
"""Files that only the holder of a run's lock writes, under temporary names at first."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The paths of one run. Making one touches no file."""

    path: Path

    @property
    def whole(self) -> RunFolder:
        """The run that this is a shard of; itself where it is none."""
        return RunFolder(self.path.parents[1]) if self.shard else self

    @property
    def results(self) -> Path:
        """The folder of results that the run lies in."""
        return self.whole.path.parents[1]

    @property
    def shard(self) -> str:
        """`03-of-16` for the folder of a shard; empty for others."""
        above, own = self.path.parent.name, self.path.name
        return own if above == SHARDS and _SHARD.fullmatch(own) else ""

    @property
    def run_id(self) -> str:
        """The folder's own name; of a shard, the run's."""
        return self.whole.path.name

    @property
    def recipe_name(self) -> str:
        """The name of the folder above the run's."""
        return self.whole.path.parent.name

    @property
    def name(self) -> str:
        """`<recipe>/<run id>`, as shown to people; of a shard, with its folder below that."""
        below = f"/{SHARDS}/{self.shard}" if self.shard else ""
        return f"{self.recipe_name}/{self.run_id}{below}"

    @property
    def manifest_path(self) -> Path:
        """`manifest.json`."""
        return self.path / MANIFEST_NAME

    @property
    def problems(self) -> Path:
        """`problems.parquet`."""
        return self.table("problems")

    @property
    def solutions(self) -> Path:
        """`solutions.parquet`."""
        return self.table("solutions")

    @property
    def verifications(self) -> Path:
        """`verifications.parquet`; absent in runs without a verifier."""
        return self.table("verifications")

    @property
    def curves(self) -> Path:
        """`curves.parquet`; absent until curves were computed."""
        return self.table("curves")

    def table(self, name: TableName) -> Path:
        """Path of a table."""
        return self.path / f"{name}.parquet"

    def exists(self) -> bool:
        """Whether there is a run here, complete or not."""
        return self.manifest_path.is_file()

    def has_tables(self) -> bool:
        """Whether problems and solutions have been written."""
        return all(self.table(name).is_file() for name in _REQUIRED)

    def complete(self) -> bool:
        """Whether the run ended as planned (not interrupted), with all its files whole.

        They are those that the manifest says were written; older manifests don't, but their recipe
        says whether there were verifications. Raises `DataError` for a manifest of another program
        or a newer ttc, which is not ours to write over.
        """
        if not (self.exists() and self.has_tables()):
            return False
        try:
            manifest = self.manifest()
        except Damaged:
            return False
        except DataError:
            if self.exists():
                raise
            return False  # it was removed just now
        if manifest.status == "interrupted":
            return False
        if manifest.tables:
            return all(self._digest(name) == manifest.tables.get(name) for name in manifest.tables)
        asked = {"verifications": "verifiers", "curves": "policies"}
        needed = {name for name, key in asked.items() if manifest.recipe.get(key)}
        return all(
            looks_whole(self.table(name))
            for name in RUN_TABLES
            if self.table(name).exists() or name in _REQUIRED or name in needed
        )

    def digests(self) -> dict[str, str]:
        """What tells each table that is there from any other, for the manifest."""
        found = {name: self._digest(name) for name in RUN_TABLES}
        return {name: digest for name, digest in found.items() if digest is not None}

    def _digest(self, name: str) -> str | None:
        """SHA-256 of a table's size and content, of large ones of both ends; None without one."""
        digest = hashlib.sha256()
        try:
            with (self.path / f"{name}.parquet").open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                digest.update(f"{size}\n".encode())
                file.seek(0)
                if size > _WHOLE:
                    digest.update(file.read(_WHOLE // 2))
                    file.seek(size - _WHOLE // 2)
                while block := file.read(2**20):
                    digest.update(block)
        except OSError:
            return None
        return digest.hexdigest()

    def manifest(self) -> Manifest:
        """The manifest; raises `DataError` where it is missing or damaged."""
        return read_manifest(self.manifest_path)

    def earlier(self) -> Manifest | None:
        """The manifest that an earlier try left; None where there is none that can be read."""
        with suppress(DataError):
            return self.manifest()
        return None


def is_url(word: object) -> bool:
    """Whether a word names a place elsewhere, such as `s3://bucket/results/a`, and no file."""
    return "://" in str(word)


def run_folder(root: Path, recipe_name: str, run_id: str) -> RunFolder:
    """The folder of a run under a results root."""
    return RunFolder(root / recipe_name / run_id)


def list_runs(root: Path, *, unmerged: bool = False) -> list[RunFolder]:
    """All runs below a results root, up to two folders deep, oldest first.

    unmerged: also those of which there are only shards.
    """
    runs: dict[RunFolder, RunFolder] = {}
    for below in _LEVELS:
        found = [RunFolder(path.parent) for path in found_below(root, f"{below}/{MANIFEST_NAME}")]
        runs |= {run: run for run in found if not run.shard}
    if unmerged:
        for below in _LEVELS:
            shards = map(RunFolder, found_below(root, f"{below}/{SHARDS}/*-of-*"))
            begun = (one for one in shards if one.shard and one.exists())
            runs = {one.whole: one for one in begun} | runs
    return sorted(runs, key=lambda run: _age(runs[run]))


def find_run(
    reference: str | Path,
    root: Path = Path("results"),
    *,
    begun: bool = False,
    unmerged: bool = False,
) -> RunFolder:
    """The run a person means.

    In this order: what a URL leads to, which is fetched; a run's folder or a file in it; a folder
    of runs (the latest); a recipe's name under `root` (its latest run); a run id or the beginning
    of one, alone or as `recipe/id`.
    The latest run is the latest with tables, which a try that failed at once must not hide; with
    `begun`, and where no run has any, the latest of all. unmerged: a run of which there are only
    shards will do.
    Raises `DataError` naming near candidates when there is none or more than one.
    """
    if is_url(reference):
        from ttc.store.remote import fetched_run

        return fetched_run(str(reference))
    if not str(reference).strip():
        raise DataError("no run '': name a run's folder, its recipe or its id")
    places = (Path(reference), root / reference)
    for place in places:
        folder = place.parent if place.is_file() else place
        if RunFolder(folder).exists() or (unmerged and _has_shards(folder)):
            return RunFolder(folder)
    for place in places:
        if place.is_dir() and (runs := list_runs(place, unmerged=unmerged)):
            return (runs if begun else [run for run in runs if run.has_tables()] or runs)[-1]
    try:
        return _by_prefix(str(reference), root, unmerged)
    except DataError as error:
        if (sweep := _sweep(reference, root)) is not None:
            raise sweep from None
        raise _not_merged(reference, root, error) if not unmerged else error from None


def _sweep(reference: str | Path, root: Path) -> DataError | None:
    """What tells that a sweep is called so; None where none is."""
    from ttc.store.sweeps import find_sweep

    folder = find_sweep(str(reference), root)
    if folder is None:
        return None
    return DataError(
        f"{folder} is a sweep, and this is about one run: name one of its runs, which ttc sweep "
        f"{folder.name} --resume --dry-run --all lists (ttc compare, report and fit-scaling take "
        "sweeps)"
    )


def _has_shards(folder: Path) -> bool:
    shards = map(RunFolder, found_below(folder / SHARDS, "*-of-*"))
    return any(one.shard and one.exists() for one in shards)


def _not_merged(reference: str | Path, root: Path, error: DataError) -> DataError:
    """What tells that a run is there, but in shards; the error itself where it is not.

    It is not where there are no shards either: then another process began it just now.
    """
    try:
        found = find_run(reference, root, begun=True, unmerged=True)
    except DataError:
        return error
    shard = min(found_below(found.path / SHARDS, "*-of-*"), default=None)
    if shard is None:
        return error
    return DataError(
        f"{found.name} is there in shards only: ttc merge {found.path} makes it a run; what is "
        f"about one shard takes its folder, such as {shard}"
    )


def find_matching(words: Sequence[str], root: Path = Path("results")) -> list[RunFolder]:
    """The runs that people mean, each once; `*` in a word stands for any part of a recipe's name.

    A sweep's name or folder stands for all its runs. Raises `DataError` as `find_run` does, and for
    a pattern that no recipe's name fits.
    """
    from ttc.store.sweeps import with_sweeps

    found: dict[Path, RunFolder] = {}
    names = sorted({run.recipe_name for run in list_runs(root)})
    for word in with_sweeps(words, root):
        fitting = [name for name in names if fnmatchcase(name, word)] if "*" in word else [word]
        if not fitting:
            raise DataError(f"no recipe with runs in {root} is called {word!r}")
        for run in (find_run(name, root) for name in fitting):
            found.setdefault(run.path.resolve(), run)
    return list(found.values())


def find_runs(
    references: Sequence[str], root: Path = Path("results"), out: Path | None = None
) -> list[RunFolder]:
    """The runs that people mean, each once. out: where what is made of several may go.

    A sweep's name or folder stands for all its runs. Raises `DataError` as `find_run` does, and
    where several runs have no such place.
    """
    from ttc.store.sweeps import with_sweeps

    words = with_sweeps(references, root)
    found = {run.path.resolve(): run for run in (find_run(word, root) for word in words)}
    if len(found) > 1 and out is None:
        raise DataError("several runs belong to no one folder: name one by --out FOLDER")
    return list(found.values())


def _by_prefix(reference: str, root: Path, unmerged: bool) -> RunFolder:
    runs = list_runs(root, unmerged=unmerged)
    recipe, _, prefix = reference.rpartition("/")
    matches = [
        run
        for run in runs
        if prefix and run.run_id.startswith(prefix) and recipe in ("", run.recipe_name)
    ]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise DataError(
            f"{reference!r} fits {len(matches)} runs: {_enumerate([run.name for run in matches])}"
        )
    raise DataError(f"no run {reference!r}; {_candidates(reference, runs, root)}")


def _candidates(reference: str, runs: Sequence[RunFolder], root: Path) -> str:
    if not runs:
        return f"there are no runs in {root}"
    by_word = {word: run.name for run in runs for word in (run.run_id, run.name)}
    words = list(dict.fromkeys([run.recipe_name for run in runs])) + list(by_word)
    near = difflib.get_close_matches(reference, words, n=3, cutoff=0.5)
    if near:
        return f"did you mean {' or '.join(dict.fromkeys(by_word.get(w, w) for w in near))}?"
    return f"{root} has {_enumerate([run.name for run in reversed(runs)])}"


def _enumerate(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"


def looks_whole(table: Path) -> bool:
    """Whether a parquet file has both its ends and what its end says it has between; cheap.

    Tables are written atomically; only a disk that lost what it had confirmed leaves others.
    """
    try:
        with table.open("rb") as file:
            begins = file.read(len(_MAGIC)) == _MAGIC
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - len(_MAGIC) - 4))
            footer = int.from_bytes(file.read(4), "little")
            return begins and file.read() == _MAGIC and footer <= size - _LEAST
    except OSError:
        return False


def _age(run: RunFolder) -> tuple[float, str]:
    """Start of the run in seconds since 1970; of a damaged manifest, the file's time."""
    try:
        return run.manifest().started.timestamp(), run.run_id
    except DataError:
        try:
            return run.manifest_path.stat().st_mtime, run.run_id
        except OSError:
            return 0.0, run.run_id
