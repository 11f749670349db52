"""Runs into files that others read: tables, figures, a zip file, a folder of a data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from ttc.errors import DataError, UsageError
from ttc.report.drawing import FORMATS, Format, data_file, write_figures
from ttc.report.run_figures import run_figures
from ttc.store.columns import RUN_TABLES, TABLES, TableName
from ttc.store.hub_folder import write_hub_folder
from ttc.store.overwriting import new_file
from ttc.store.plain import has_table, write_csv, write_json_lines
from ttc.store.run_folder import RunFolder
from ttc.store.run_zip import write_run_zip
from ttc.words import counted, nearest

Kind = Literal["csv", "jsonl", "zip", "datasets", "figures"]
_ENDINGS: dict[str, Kind] = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".zip": "zip",
    **{f".{ending}": "figures" for ending in FORMATS},
}

_OTHER_FILES = (
    ".parquet", ".arrow", ".feather", ".json", ".xlsx", ".xls", ".tsv", ".txt", ".html", ".md",
    ".gz",
)  # fmt: skip
"""What somebody who names such a file does not mean as a folder's name."""

_WHOSE: dict[TableName, str] = {
    "verifications": "runs with verifiers have",
    "samples": "runs of ttc's own have",
    "answers": "runs have whose sampler gives one answer, not a pool of solutions",
    "fits": "ttc fit-scaling writes",
    "allocation": "ttc fit-scaling writes",
    "comparison": "ttc compare --out writes",
    "flips": "ttc compare --out writes",
    "adaptation": "ttc adapt writes",
    "verifier_metrics": "ttc eval-verifier writes",
}
"""Where tables come from that not every run has."""


@dataclass(frozen=True, slots=True)
class Export:
    """What is to be written, and where.

    tables: none for all in a folder, in a single file the curves; figures: none for all that there
    are; texts: whether with those of problems, solutions and verifications; verbatim: cells of CSV
    as they are, though a spreadsheet may run what begins with `=`; draws: resamples of problems,
    behind the intervals of figures.
    """

    to: Path
    kind: Kind
    tables: tuple[TableName, ...] = ()
    figures: tuple[str, ...] = ()
    texts: bool = True
    verbatim: bool = False
    license_id: str = ""
    draws: int = 500

    @property
    def is_file(self) -> bool:
        """Whether it is one file, not a folder."""
        return self.to.suffix.lower() in _ENDINGS


def kind_of(to: Path, said: str | None) -> Kind:
    """What goes to a place: as its ending says; into a folder a data set, or what is said.

    Raises `UsageError` where the two don't fit.
    """
    ending = _ENDINGS.get(to.suffix.lower())
    if ending is None and to.suffix.lower() in _OTHER_FILES and not to.is_dir():
        raise UsageError(
            f"--to {to}: nothing is written as {to.suffix}; name a folder, whose tables are "
            f"parquet, or a file that ends in {', '.join(_ENDINGS)}"
        )
    if said is None:
        return ending or "datasets"
    if said not in get_args(Kind):
        raise UsageError(f"--format {said}: choose of {', '.join(get_args(Kind))}")
    if (ending or said) != said or (said == "zip" and ending is None):
        raise UsageError(f"--format {said} does not fit --to {to}, by its ending")
    return cast(Kind, said)


def table_names(named: Sequence[str]) -> tuple[TableName, ...]:
    """Names of tables, known to be some. Raises `UsageError`."""
    for name in named:
        if name not in TABLES:
            raise UsageError(f"--table {name}: no such table{nearest(name, TABLES)}")
    return tuple(cast(TableName, name) for name in dict.fromkeys(named))


def export(runs: Sequence[RunFolder], wanted: Export, *, force: bool = False) -> list[str]:
    """Write what is wanted of runs; returns what is to be said of it, a line each.

    Raises `UsageError` for what can't go to one place, and `DataError` for what is not there, or
    already is and is not to be replaced (`force`).
    """
    _refuse_to_replace(wanted, force)
    if wanted.kind == "zip":
        return _zip(runs, wanted)
    if wanted.kind == "datasets":
        tables = wanted.tables or RUN_TABLES
        files = write_hub_folder(
            wanted.to, runs, tables, texts=wanted.texts, license_id=wanted.license_id
        )
        return [f"Wrote {counted(len(files), 'file')} to {wanted.to}; load_dataset opens it"]
    if wanted.kind == "figures":
        return _figures(runs, wanted)
    return _tables(runs, wanted)


def _refuse_to_replace(wanted: Export, force: bool) -> None:
    if wanted.is_file:
        figure = wanted.kind == "figures"
        new_file(wanted.to, force, [data_file(wanted.to.parent, wanted.to.stem)] if figure else ())
    elif wanted.to.is_file():
        raise UsageError(f"{wanted.to} is a file; name a folder, or a file by its ending")
    elif not force and wanted.to.is_dir() and any(wanted.to.iterdir()):
        what = "is a folder with something in it"
        raise UsageError(f"{wanted.to} {what}; choose another name, or --force to write over it")


def _zip(runs: Sequence[RunFolder], wanted: Export) -> list[str]:
    if len(runs) > 1:
        raise UsageError("a zip file holds one run; export each to a file of its own")
    if wanted.tables or not wanted.texts:
        raise UsageError(
            "a zip file holds the whole run; for one without texts: ttc pool pack, ttc pool add"
        )
    names = write_run_zip(runs[0], wanted.to)
    size = f"{wanted.to.stat().st_size / 1e6:.1f} MB"
    return [f"Wrote {wanted.to} ({counted(len(names), 'file')}, {size}); "
            f"who gets it runs: ttc import {wanted.to.name}"]  # fmt: skip


def _tables(runs: Sequence[RunFolder], wanted: Export) -> list[str]:
    said, long = [], 0
    for table, path in _places(runs, wanted):
        having = [run for run in runs if has_table(run, table)]
        if not having:
            raise DataError(_lacks(runs[0], table))
        if wanted.kind == "csv":
            told = {"texts": wanted.texts, "verbatim": wanted.verbatim}
            long += write_csv(path, table, having, **told)
        else:
            write_json_lines(path, table, having, texts=wanted.texts)
        said.append(f"Wrote {table} to {path}")
    if wanted.is_file and not wanted.tables:
        said.append(f"Others: --table NAME, of {_those_of(runs[0])}; all of them: --to a folder")
    if long:
        said.append(
            f"{counted(long, 'cell')} beyond 32,767 characters, which Excel cuts; leave long texts "
            "out by --without-texts"
        )
    return said


def _places(runs: Sequence[RunFolder], wanted: Export) -> list[tuple[TableName, Path]]:
    if not wanted.is_file:
        tables = wanted.tables or tuple(t for t in TABLES if any(has_table(r, t) for r in runs))
        return [(table, wanted.to / f"{table}.{wanted.kind}") for table in tables]
    if len(wanted.tables) > 1:
        raise UsageError(f"{wanted.to} holds one table; name a folder by --to for several")
    usual: TableName = "curves" if has_table(runs[0], "curves") else "solutions"
    return [(wanted.tables[0] if wanted.tables else usual, wanted.to)]


def _lacks(run: RunFolder, table: TableName) -> str:
    whose = f", which {_WHOSE[table]}" if table in _WHOSE else ""
    return f"{run.name} has no table {table}{whose}; it has {_those_of(run)}"


def _those_of(run: RunFolder) -> str:
    return ", ".join(table for table in TABLES if has_table(run, table))


def _figures(runs: Sequence[RunFolder], wanted: Export) -> list[str]:
    if wanted.is_file:
        return _one_figure(runs, wanted)
    said: list[str] = []
    for run in runs:
        folder = wanted.to if len(runs) == 1 else wanted.to / run.name.replace("/", "-")
        found, missing = run_figures(run, wanted.figures, wanted.draws)
        if not found:
            raise DataError(f"{run.name} has no figure: {next(iter(missing.values()))}")
        write_figures(found, folder)
        said.append(f"Wrote {', '.join(found)} to {folder}, as {', '.join(FORMATS)} and data.csv")
        for why in dict.fromkeys(missing.values()):
            said.append(f"Not {', '.join(n for n, w in missing.items() if w == why)}: {why}")
    return said


def _one_figure(runs: Sequence[RunFolder], wanted: Export) -> list[str]:
    if len(runs) > 1 or len(wanted.figures) > 1:
        raise UsageError(f"{wanted.to} holds one figure of one run; name a folder by --to")
    (name,) = wanted.figures or ("curves",)
    found, _ = run_figures(runs[0], (name,), wanted.draws)
    ending = cast(Format, wanted.to.suffix.lower().lstrip("."))
    write_figures({wanted.to.stem: found[name]}, wanted.to.parent, (ending,))
    beside = data_file(wanted.to.parent, wanted.to.stem)
    return [f"Wrote {name} to {wanted.to}, and what it shows to {beside}"]
