"""Base of the presets: a known benchmark from the hub, or from a local file with its columns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple

from pydantic import Field

from ttc.core import Problem
from ttc.datasets import DatasetPart
from ttc.datasets.reading.choose import choose
from ttc.datasets.reading.hub import hub_rows
from ttc.datasets.reading.rows import Row, read_rows
from ttc.errors import DataError


class Origin(NamedTuple):
    """Where a benchmark is on the hub."""

    id: str
    split: str = "test"
    config: str | None = None


class PresetDataset(DatasetPart):
    """A benchmark by name; a subclass says where it is and what a row means."""

    extra: ClassVar[str | None] = "hub"
    columns: ClassVar[tuple[str, ...]]
    """The columns that `problem` reads."""

    path: str | None = None
    """A local jsonl, csv or parquet file with the same columns, instead of the hub."""
    revision: str | None = None
    """A commit of the hub's dataset; name one for runs that can be repeated exactly."""
    limit: int | None = Field(default=None, ge=1, lt=2**63)
    """Take only so many problems."""
    shuffle: int | None = Field(default=None, ge=-(2**63), lt=2**63)
    """Seed of a random order, the same on every machine; the benchmark's order without it."""

    @property
    def origin(self) -> Origin:
        """The dataset on the hub."""
        raise NotImplementedError

    def problem(self, row: Row) -> Problem:
        """The problem in a row."""
        raise NotImplementedError

    def load(self) -> Sequence[Problem]:
        origin = self.origin
        if self.path is None:
            rows = hub_rows(origin.id, origin.config, origin.split, self.revision, self.columns)
        else:
            rows = read_rows(Path(self.path), self.columns)
        problems = choose(rows, self.problem, self.limit, self.shuffle)
        if not problems:
            raise DataError(f"{self.path or origin.id}: no rows")
        return problems
