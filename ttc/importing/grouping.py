"""Rows of one problem brought together, wherever they stand, in bounded memory."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from zlib import crc32

from ttc.datasets.reading.rows import Row

_BUCKETS = 64


def grouped(
    rows: Callable[[], Iterator[Row]], key: Callable[[Row], str]
) -> Iterator[tuple[str, int, list[Row]]]:
    """Key, number by first appearance, and rows of each group; `rows` is called twice.

    Where groups don't stand together, rows go through temporary files that each hold some of the
    groups, so that memory holds a small part of the data.
    """
    order: dict[str, int] = {}
    together, last = True, ""
    for row in rows():
        found = key(row)
        together &= found == last or found not in order
        order.setdefault(found, len(order))
        last = found
    with tempfile.TemporaryDirectory() as folder:
        groups = (
            ((found, list(group)) for found, group in groupby(rows(), key))
            if together
            else _gathered(rows(), key, Path(folder))
        )
        for found, group in groups:
            yield found, order[found], group


def _gathered(
    rows: Iterator[Row], key: Callable[[Row], str], folder: Path
) -> Iterator[tuple[str, list[Row]]]:
    with ExitStack() as stack:
        buckets = [
            stack.enter_context((folder / str(b)).open("w+", encoding="utf-8"))
            for b in range(_BUCKETS)
        ]
        for row in rows:
            bucket = buckets[crc32(key(row).encode("utf-8", "replace")) % _BUCKETS]
            content = [row.number, row.place, dict(row.values)]
            bucket.write(json.dumps(content, default=str) + "\n")
        for bucket in buckets:
            bucket.seek(0)
            groups: dict[str, list[Row]] = {}
            for line in bucket:
                row = Row(*json.loads(line))
                groups.setdefault(key(row), []).append(row)
            yield from groups.items()
