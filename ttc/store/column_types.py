"""Whether a table's columns hold the kinds of values that the column dictionary says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ttc.errors import DataError
from ttc.store.columns import TABLES, Kind, TableName

if TYPE_CHECKING:
    import pyarrow as pa

_WORDS: dict[Kind, str] = {
    "text": "text",
    "label": "text",
    "int": "whole numbers",
    "float": "numbers",
    "bool": "true or false",
    "texts": "lists of texts",
    "floats": "lists of numbers",
}


def require_kinds(
    path: Path, table: TableName, found: pa.Schema, columns: Sequence[str] | None
) -> None:
    """Raise `DataError` for a column that can't be what it should; `columns` None: all of ours.

    Whole numbers may be stored as fractions (as pandas does where a cell was empty once); whether
    they are whole is for readers of values to see.
    """
    for column in TABLES[table]:
        if columns is not None and column.name not in columns:
            continue
        if column.later and column.name not in found.names:
            continue
        kind = found.field(column.name).type
        if not _fits(kind, column.kind):
            raise DataError(
                f"{path} has the column {column.name} as {kind}, where {_WORDS[column.kind]} "
                f"{'was' if column.kind in ('text', 'label') else 'were'} expected"
            )


def _fits(found: pa.DataType, wanted: Kind) -> bool:
    import pyarrow.types as types

    if types.is_null(found):
        return True
    if types.is_dictionary(found):
        return _fits(found.value_type, wanted)
    tests: dict[Kind, tuple[Callable[[pa.DataType], bool], ...]] = {
        "text": (types.is_string, types.is_large_string, types.is_string_view),
        "label": (types.is_string, types.is_large_string, types.is_string_view),
        "int": (types.is_integer, types.is_floating),
        "float": (types.is_integer, types.is_floating),
        "bool": (types.is_boolean,),
        "texts": (types.is_list, types.is_large_list),
        "floats": (types.is_list, types.is_large_list),
    }
    return any(test(found) for test in tests[wanted])
