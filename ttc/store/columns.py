"""The column dictionary: every column of every table, once.

The parquet schemas, the docs page (`python -m ttc.store.columns docs/columns.md`) and the
importers' error messages are made from it, so they can't disagree. Pure data: no pyarrow here.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from ttc.store.analysis_columns import (
    ADAPTATION,
    ALLOCATION,
    COMPARISON,
    FITS,
    FLIPS,
    VERIFIER_CURVES,
    VERIFIER_METRICS,
)
from ttc.store.column import Column, Kind
from ttc.store.run_columns import ANSWERS, CURVES, PROBLEMS, SAMPLES, SOLUTIONS, VERIFICATIONS

__all__ = ["RUN_TABLES", "TABLES", "Column", "Kind", "TableName", "column_names"]

TableName = Literal[
    "problems",
    "solutions",
    "verifications",
    "samples",
    "answers",
    "curves",
    "fits",
    "allocation",
    "comparison",
    "flips",
    "adaptation",
    "verifier_metrics",
    "verifier_curves",
]

TABLES: dict[TableName, tuple[Column, ...]] = {
    "problems": PROBLEMS,
    "solutions": SOLUTIONS,
    "verifications": VERIFICATIONS,
    "samples": SAMPLES,
    "answers": ANSWERS,
    "curves": CURVES,
    "fits": FITS,
    "allocation": ALLOCATION,
    "comparison": COMPARISON,
    "flips": FLIPS,
    "adaptation": ADAPTATION,
    "verifier_metrics": VERIFIER_METRICS,
    "verifier_curves": VERIFIER_CURVES,
}

RUN_TABLES: tuple[TableName, ...] = (
    "problems",
    "solutions",
    "verifications",
    "samples",
    "answers",
    "curves",
)
"""Tables that `ttc run` writes; the others come of analyses."""

_TITLES: dict[TableName, str] = {
    "problems": "one row per problem",
    "solutions": "one row per sampled solution",
    "verifications": "one row per judgement of one solution",
    "samples": "one row per sample that an attempt paid for, kept or not",
    "answers": "one row per answer that an attempt would have given, had it been stopped",
    "curves": "one row per policy, verifier, S and V, or per limit of measured answers",
    "fits": "one row per figure of `ttc fit-scaling`",
    "allocation": "one row per budget and procedure of `ttc fit-scaling`",
    "comparison": "one row per method and budget, or S, of `ttc compare`",
    "flips": "one row per method and problem that it and its baseline differ on, of `ttc compare`",
    "adaptation": "one row per rule that stops, of `ttc adapt`",
    "verifier_metrics": "one row per figure of `ttc eval-verifier`",
    "verifier_curves": "one row per point of a curve of `ttc eval-verifier`",
}

_TYPES: dict[Kind, str] = {
    "text": "string",
    "label": "dictionary of strings",
    "int": "int32",
    "float": "float64",
    "bool": "bool",
    "texts": "list of strings",
    "floats": "list of float64",
}


def column_names(table: TableName) -> list[str]:
    """Names of a table's columns, in order."""
    return [column.name for column in TABLES[table]]


def render_markdown() -> str:
    """The docs page of all tables."""
    parts = [
        "# Column dictionary\n\n"
        "A run folder `results/<recipe>/<run id>/` holds these tables as parquet, the last four\n"
        "once `ttc fit-scaling` and `ttc eval-verifier` have run. Every column's description and\n"
        "unit are stored in the files too, as field metadata. This page is made by\n"
        "`python -m ttc.store.columns docs/columns.md`.\n"
    ]
    for table, columns in TABLES.items():
        parts.append(f"\n## {table}: {_TITLES[table]}\n\n| column | type | unit | meaning |\n")
        parts.append("|---|---|---|---|\n")
        parts.extend(_markdown_row(column) for column in columns)
    return "".join(parts)


def _markdown_row(column: Column) -> str:
    kind = _TYPES[column.kind] + (", nullable" if column.nullable else "")
    return f"| `{column.name}` | {kind} | {column.unit} | {column.description} |\n"


def main(arguments: Sequence[str]) -> None:
    """Write the docs page to the named file, or print it."""
    if arguments:
        Path(arguments[0]).write_text(render_markdown(), encoding="utf-8")
    else:
        sys.stdout.write(render_markdown())


if __name__ == "__main__":
    main(sys.argv[1:])
