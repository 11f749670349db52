"""The tables of a recorded run, read as files: `docs/columns.md` is the contract, so a backend
needs to know nothing of how runs are made.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ttc.errors import DataError
from ttc.listing import found_below

Row = Mapping[str, Any]


def _lacks(folder: Path) -> str | None:
    """The first table that a recorded run must have and that is not there."""
    wanted = ("problems", "solutions")
    return next((t for t in wanted if not (folder / f"{t}.parquet").is_file()), None)


class Recording:
    """A run folder, or one with a single run in it. Making one only checks that there is a run;
    raises `DataError`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if (lacks := _lacks(folder)) is None:
            return
        inside = [
            p.parent
            for p in sorted(found_below(folder, "*/solutions.parquet"))
            if not _lacks(p.parent)
        ]
        if len(inside) > 1:
            raise DataError(
                f"{folder} holds {len(inside)} runs, name one: {', '.join(map(str, inside))}"
            )
        if not inside:
            raise DataError(f"{folder} is no recorded run: it has no {lacks}.parquet")
        self.folder = inside[0]

    @property
    def name(self) -> str:
        return f"{self.folder.parent.name}/{self.folder.name}"

    def _path(self, table: str) -> Path:
        return self.folder / f"{table}.parquet"

    def has(self, table: str) -> bool:
        return self._path(table).is_file()

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[Row]:
        """Rows of a table as dicts, in order, without columns that it lacks. Raises `DataError`."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = self._path(table)
        try:
            with pq.ParquetFile(path) as file:
                for block in file.iter_batches(columns=list(columns)):
                    yield from block.to_pylist()
        except (OSError, pa.ArrowException) as error:
            text = str(error).partition("\n")[0]
        else:
            return
        raise DataError(f"can't read {path}: {text}")

    def models(self) -> Mapping[str, Mapping[str, Any]]:
        """The manifest's models by their name in the recipe; none where there is no manifest."""
        try:
            manifest = json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        models = manifest.get("models")
        return models if isinstance(models, dict) else {}

    def digest(self) -> str:
        """SHA-256 (hex) of the tables' bytes."""
        digest = hashlib.sha256()
        for table in ("problems", "solutions", "verifications"):
            if self.has(table):
                try:
                    with self._path(table).open("rb") as file:
                        digest.update(hashlib.file_digest(file, "sha256").digest())
                except OSError as error:
                    raise DataError(f"can't read {self._path(table)}: {error.strerror}") from None
        return digest.hexdigest()
