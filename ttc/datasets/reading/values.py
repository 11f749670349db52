"""Cells of tables as texts, and as the plain data that metadata may be."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ttc.datasets.reading.files import MOST_TEXT, too_deep
from ttc.datasets.reading.rows import Row
from ttc.errors import DataError


def text_of(row: Row, column: str) -> str:
    """A cell as text. Raises `DataError` where it is empty or no single value."""
    return plain(row.values.get(column), f"{row.place}: column {column!r}")


def plain(value: Any, where: str) -> str:
    """A single value as text: 27.0 is "27", numbers keep their digits otherwise.

    Raises `DataError` for what is empty, no single value, or longer than a text may be.
    """
    if hasattr(value, "tolist"):  # of numpy
        value = value.tolist()
    if isinstance(value, bool | list | tuple | Mapping | bytes | set) or value != value:
        what = "NaN" if value != value else type(value).__name__
        raise DataError(f"{where}: must be a text or a number, not {what}")
    text = _written(value)
    if not text.strip():
        raise DataError(f"{where}: empty")
    if len(text) > MOST_TEXT:
        raise DataError(f"{where}: {len(text):,} characters; {MOST_TEXT:,} are the most")
    return text


def _written(value: Any) -> str:
    if value is None:
        return ""
    try:
        if isinstance(value, float) and value.is_integer():
            return str(int(value))
        if isinstance(value, Decimal):
            return _decimal(value)
        if isinstance(value, datetime.date | datetime.time):
            return value.isoformat()
        return str(value)
    except (ValueError, OverflowError):  # more digits than Python writes
        return f"{value:.17g}" if isinstance(value, float) else ""


def _decimal(value: Decimal) -> str:
    """Digits as they are, without an exponent; 27.00 is 27 as 27.0 is."""
    if not value.is_finite() or value.adjusted() > 400:
        return str(value)
    return str(int(value)) if value == value.to_integral_value() else format(value, "f")


def metadata_of(row: Row, column: str) -> Any:
    """A cell as JSON can hold it: dates and decimals as texts. Raises `DataError`."""
    value = row.values.get(column)
    if too_deep(value):
        raise DataError(f"{row.place}: column {column!r}: nested too deeply")
    return _simple(value)


def _simple(value: Any) -> Any:
    if isinstance(value, str | int | None):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _simple(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_simple(inner) for inner in value]
    if hasattr(value, "tolist"):
        return _simple(value.tolist())
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return _written(value)


def text_after(text: str, mark: str, where: str) -> str:
    """What follows the last mark. Raises `DataError` where nothing does."""
    _, found, tail = text.rpartition(mark)
    if not found or not tail.strip():
        raise DataError(f"{where}: nothing follows {mark!r}")
    return tail.strip()
