"""Rows from the Hugging Face hub, through the optional `datasets` package."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ttc.datasets.reading.names import unused
from ttc.datasets.reading.rows import Row, require_columns
from ttc.errors import DataError, MissingExtra


def hub_rows(
    source: str,
    config: str | None,
    split: str,
    revision: str | None,
    columns: Sequence[str],
    notes: list[str] | None = None,
) -> Iterator[Row]:
    """Stream one split's rows. Raises `MissingExtra`; `DataError` with the likely remedy.

    notes: takes a line on the columns that are not used.
    """
    place = f"{source} ({split})"
    data = _load(place, source, config, split, revision)
    present = list(map(str, data.column_names))
    require_columns(place, columns, present)
    if notes is not None and (text := unused(place, present, columns)):
        notes.append(text)
    for number, values in enumerate(data.select_columns(list(columns))):
        yield Row(number, f"{place} row {number + 1}", values)


def _load(place: str, source: str, config: str | None, split: str, revision: str | None) -> Any:
    try:
        import datasets
    except ImportError:
        raise MissingExtra(f"the dataset {source} from the Hugging Face hub", "hub") from None
    try:
        return datasets.load_dataset(source, config, split=split, revision=revision)
    except Exception as error:  # the client raises dozens of kinds, some of other packages
        raise DataError(f"can't load {place} from the hub: {_reason(error)}") from None


_REMEDIES = (
    ("gated", "accept its terms on its hub page, then `hf auth login` or set HF_TOKEN"),
    ("offline", "no connection to the hub; a local copy can be named with `path`"),
    ("connect", "no connection to the hub; a local copy can be named with `path`"),
    ("max retries", "no connection to the hub; a local copy can be named with `path`"),
    ("resolve", "no connection to the hub; a local copy can be named with `path`"),
    ("401", "it is private or does not exist; `hf auth login` or set HF_TOKEN"),
    ("doesn't exist", "check its id and revision; private ones need `hf auth login` or HF_TOKEN"),
    ("scripts are no longer supported", "name a revision with parquet files: refs/convert/parquet"),
)


def _reason(error: Exception) -> str:
    """The first line of the client's message with what to do about it."""
    chain = f"{type(error).__name__} {error} {type(error.__cause__).__name__}".lower()
    lines = str(error).strip().splitlines() or [type(error).__name__]
    remedy = next((remedy for word, remedy in _REMEDIES if word in chain), "")
    return f"{lines[0][:300]}" + (f" ({remedy})" if remedy else "")
