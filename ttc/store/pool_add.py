"""Takes a pool that somebody else packed: every file is checked before there is a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ttc.errors import DataError
from ttc.store.columns import RUN_TABLES, TableName
from ttc.store.manifest import Manifest, read_manifest
from ttc.store.plain import TEXTS
from ttc.store.pool_file import (
    MEMBERS,
    POOL_NAME,
    TABLES_IN,
    TEXTS_IN,
    PoolManifest,
    read_pool_manifest,
)
from ttc.store.pool_texts import write_together
from ttc.store.run_folder import MANIFEST_NAME, RunFolder
from ttc.store.run_zip import RECIPE_NAME
from ttc.store.staging import staged
from ttc.store.tables import open_parquet
from ttc.store.zips import LARGEST, Archive, digest_of, open_zip

Seen = Callable[[int], None]
"""Told of bytes as they come."""
_WIDEST = 200  # bytes of a table in memory for each byte in its file, as no table of ours has


def read_pool(path: Path) -> PoolManifest:
    """What a file says it is. Raises `DataError` for what is no pool."""
    with open_zip(path, MEMBERS) as archive:
        return read_pool_manifest(archive)


def require_digest(path: Path, sha256: str) -> None:
    """Raise `DataError` where a file's SHA-256 is another one."""
    found = digest_of(path)
    if found != sha256.lower():
        raise DataError(f"{path} has the SHA-256 {found}, not {sha256.lower()}")


def add_pool(
    path: Path,
    root: Path,
    to: Path | None = None,
    *,
    texts: bool = True,
    origin: str = "",
    largest: int = LARGEST,
    seen: Seen | None = None,
) -> tuple[RunFolder, PoolManifest]:
    """Make a run of a pool: `root/<its name>/<its run id>`, or in the folder of runs `to`.

    texts: with its texts, where it has any. origin: where it came from, for the manifest. Raises
    `DataError` that names the file in the archive that is not what it should be, and for a run of
    this id that is another one's; then nothing is left behind.
    """
    with open_zip(path, MEMBERS, largest) as archive:
        pool = read_pool_manifest(archive)
        destination = to or root / pool.name
        old = RunFolder(destination / pool.run_id)
        if old.exists() and not _came_from(old, pool):
            raise DataError(
                f"{old.path} is a run of your own; name another folder of runs by --to FOLDER"
            )
        wanted = [name for name in pool.files if texts or not name.startswith(f"{TEXTS_IN}/")]
        with staged(destination) as stage:
            stage.run.path.mkdir(parents=True)
            for name in wanted:
                _take(archive, pool, name, stage.run.path / _flat(name), seen)
            _join(stage.run)
            manifest = _checked(path, stage.run, pool)
            manifest.tables = stage.run.digests()
            manifest.source = {**manifest.source, "pool": _told(pool, texts, origin or path.name)}
            manifest.write(stage.run.manifest_path)
            return stage.publish(pool.run_id), pool


def _flat(name: str) -> str:
    """Where a member goes: `texts/` beside the tables, under a name that no table has."""
    folder, _, last = name.rpartition("/")
    return f".texts-{last}" if folder == TEXTS_IN else last


def _take(archive: Archive, pool: PoolManifest, name: str, target: Path, seen: Seen | None) -> None:
    told = pool.files[name]
    target.touch(exist_ok=False)
    if archive.copy(name, target, seen) != told.sha256:
        raise DataError(
            f"{archive.path}: {name} is not what {POOL_NAME} says (SHA-256): the file was changed "
            "or damaged"
        )
    if name.startswith((f"{TABLES_IN}/", f"{TEXTS_IN}/")):
        _require_table(archive.path, name, target, told.rows)


def _require_table(path: Path, name: str, target: Path, rows: int | None) -> None:
    """That a file is a table of ours, of so many rows, which no small file makes a huge one."""
    table = next(t for t in RUN_TABLES if Path(name).stem == t)
    columns = list(TEXTS[table]) if name.startswith(TEXTS_IN) else None
    try:
        with open_parquet(target, table, columns) as file:
            found = file.metadata
            groups = [found.row_group(i) for i in range(found.num_row_groups)]
    except DataError as error:
        raise DataError(f"{path}: {name}: {str(error).replace(str(target), table)}") from error
    if found.num_rows != rows or sum(group.num_rows for group in groups) != rows:
        raise DataError(f"{path}: {name} has not the {rows} rows that {POOL_NAME} says")
    wide = sum(group.total_byte_size for group in groups)
    if wide > max(2**26, _WIDEST * target.stat().st_size):
        raise DataError(f"{path}: {name} unpacks to {wide / 2**30:.3g} GiB, as no table of ours")


def _join(run: RunFolder) -> None:
    """Put texts back into their tables."""
    for name in TEXTS:
        apart = run.path / _flat(f"{TEXTS_IN}/{name}.parquet")
        if apart.is_file():
            table: TableName = name
            write_together(run.table(table), apart, run.table(table), table)
            apart.unlink()


def _checked(path: Path, run: RunFolder, pool: PoolManifest) -> Manifest:
    try:
        manifest = read_manifest(run.manifest_path)
    except DataError as error:
        said = str(error).replace(str(run.manifest_path), MANIFEST_NAME)
        raise DataError(f"{path}: {said}") from error
    if manifest.run_id != pool.run_id:
        raise DataError(f"{path}: {MANIFEST_NAME} is of another run than {POOL_NAME}")
    (run.path / RECIPE_NAME).unlink(missing_ok=True)
    return manifest


def _told(pool: PoolManifest, texts: bool, origin: str) -> dict[str, object]:
    return {
        "from": origin,
        "name": pool.name,
        "licence": pool.licence,
        "citation": pool.citation,
        "texts": pool.texts and texts,
        "manifest_sha256": pool.files[MANIFEST_NAME].sha256,
    }


def _came_from(old: RunFolder, pool: PoolManifest) -> bool:
    """Whether a run was made of the same pool, which may be added again, now with texts."""
    try:
        told = old.manifest().source.get("pool")
    except DataError:
        return False
    mark = pool.files[MANIFEST_NAME].sha256
    return isinstance(told, dict) and told.get("manifest_sha256") == mark
