"""Problems from a file of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, PrivateAttr, model_validator

from ttc.core import Problem
from ttc.datasets.reading.mapped import MappedDataset
from ttc.datasets.reading.rows import Format, Row, plain_stem, read_rows
from ttc.datasets.reading.settle import HEAD, note, settle
from ttc.errors import DataError
from ttc.registry import register

_head_rows = read_rows


@register
class FileDataset(MappedDataset):
    """Problems from a jsonl, json, csv, tsv or parquet file with columns of any name."""

    type: Literal["file"] = "file"
    path: str = Field(min_length=1)
    """The file, beside the recipe or from the working folder, perhaps compressed (.gz, .bz2, .xz);
    read as a stream."""
    format: Format | None = None
    """Kind of file, where its ending does not tell: jsonl, json, csv, tsv or parquet."""

    _head: list[Row] = PrivateAttr(default_factory=list)

    @model_validator(mode="after")
    def _settle(self) -> Self:
        """Find the columns that the recipe does not name, on which prompt and answers depend.

        What is wrong with the file is told when it is loaded.
        """
        with suppress(DataError):
            rows = _head_rows(Path(self.path), None, self.format, ())
            self._head.extend(islice(rows, HEAD))
        object.__setattr__(self, "columns", settle(self.columns, self._head))
        return self

    def load(self) -> Sequence[Problem]:
        path, columns = Path(self.path), self.columns
        rows = read_rows(path, columns.needed, self.format, columns.required)
        problems = self._problems(rows, plain_stem(path), str(path))
        told = note(str(path), columns, self._head)
        self._notes[:] = [told] if told else []
        return problems
