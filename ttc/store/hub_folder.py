"""A folder that `datasets.load_dataset` opens: parquet, and a card that says what is what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ttc.store.atomic import atomic_path, write_text, writing
from ttc.store.columns import RUN_TABLES, TABLES, TableName
from ttc.store.plain import told_columns
from ttc.store.run_folder import RunFolder
from ttc.store.tables import open_parquet
from ttc.visible import visible_line

if TYPE_CHECKING:
    import pyarrow as pa

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def write_hub_folder(
    folder: Path,
    runs: Sequence[RunFolder],
    tables: Sequence[TableName] = RUN_TABLES,
    *,
    texts: bool = True,
    license_id: str = "",
) -> list[Path]:
    """Write the tables that the runs have under `data/`, each a configuration, and `README.md`.

    Every row says its run. Labels are plain strings, which older readers know. Returns the files.
    Raises `DataError` where they can't be read or written.
    """
    written: list[Path] = []
    rows: dict[TableName, int] = {}
    for table in tables:
        having = [run for run in runs if run.table(table).is_file()]
        if having:
            path = folder / "data" / f"{table}.parquet"
            if count := _write(path, table, having, texts):
                rows[table] = count
                written.append(path)
    card = folder / "README.md"
    write_text(card, _card(folder.resolve().name, runs, rows, license_id, texts))
    return [card, *written]


def _write(path: Path, table: TableName, runs: Sequence[RunFolder], texts: bool) -> int:
    """Write one table of runs; returns its rows. Without any, there is no file."""
    import pyarrow.parquet as pq

    names, rows = told_columns(table, texts=texts), 0
    plain = _schema(table, names)
    with (
        atomic_path(path) as temporary,
        writing(path),
        pq.ParquetWriter(temporary.absolute(), plain, compression="zstd") as writer,
    ):
        for batch in _batches(table, runs, plain):
            writer.write_table(batch)
            rows += batch.num_rows
    if not rows:
        path.unlink()
    return rows


def _schema(table: TableName, names: Sequence[str]) -> pa.Schema:
    import pyarrow as pa

    from ttc.store._arrow import schema

    fields = [pa.field("run", pa.string())]
    for name in names:
        kind = schema(table).field(name).type
        plain = kind.value_type if pa.types.is_dictionary(kind) else kind
        fields.append(pa.field(name, plain))
    return pa.schema(fields)


def _batches(table: TableName, runs: Sequence[RunFolder], plain: pa.Schema) -> Iterator[pa.Table]:
    import pyarrow as pa

    for run in runs:
        with open_parquet(run.table(table), table, None) as file:
            there = [name for name in plain.names if name in file.schema_arrow.names]
            for block in file.iter_batches(batch_size=4096, columns=there):
                columns = [
                    pa.repeat(pa.scalar(run.name), block.num_rows)
                    if field.name == "run"
                    else block.column(field.name).cast(field.type)
                    if field.name in there
                    else pa.nulls(block.num_rows, field.type)
                    for field in plain
                ]
                yield pa.Table.from_arrays(columns, schema=plain)


def _card(
    name: str,
    runs: Sequence[RunFolder],
    rows: dict[TableName, int],
    license_id: str,
    texts: bool,
) -> str:
    most = max(rows.values(), default=0)
    size = next((word for limit, word in _SIZES if most < limit), "n>1M")
    first = "solutions" if "solutions" in rows else next(iter(rows), "")
    head: dict[str, Any] = {
        "pretty_name": name,
        "tags": ["test-time-compute", "ttc"],
        "size_categories": [size],
        **({"license": license_id.lower()} if license_id else {}),
        "configs": [
            {
                "config_name": table,
                "data_files": [{"split": "train", "path": f"data/{table}.parquet"}],
                **({"default": True} if table == first else {}),
            }
            for table in rows
        ],
    }
    front: str = yaml.safe_dump(head, sort_keys=False, allow_unicode=True)
    body = [
        f"# {_line(name)}",
        "",
        "Samples of test-time-compute experiments, made with `ttc`.",
        "",
    ]
    body += [f"- {_told(run)}" for run in runs]
    body += ["", "Load a table by its name:", "", "```python"]
    body += ["from datasets import load_dataset", ""]
    body += [f'{first} = load_dataset("PATH", "{first}", split="train")', "```", ""]
    for table, count in rows.items():
        body += [f"## {table}: {count:,} rows", "", "| column | unit | meaning |", "|---|---|---|"]
        kept = told_columns(table, texts=texts)
        body.append("| `run` |  | Recipe and id of the run. |")
        body += [
            f"| `{c.name}` | {c.unit} | {c.description} |" for c in TABLES[table] if c.name in kept
        ]
        body.append("")
    return f"---\n{front}---\n\n" + "\n".join(body)


def _told(run: RunFolder) -> str:
    manifest = run.manifest()
    models = ", ".join(f"{role}: {one.model}" for role, one in manifest.models.items())
    return _line(f"{run.name}; {models or 'no model'}; ttc {manifest.ttc_version}")


def _line(text: str) -> str:
    """Names of others in one line of Markdown, of which none becomes a mark."""
    line = visible_line(text)
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>#|!" else c for c in line)
