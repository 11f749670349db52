"""Formats of foreign samples: one file each, which holds a `FORMAT`; found by looking in here."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING

from ttc.errors import DataError
from ttc.importing.judging import Aggregate, Labels
from ttc.importing.records import Raw
from ttc.importing.sources import Glimpse, Source
from ttc.words import nearest

if TYPE_CHECKING:
    from ttc.store.manifest import Manifest
    from ttc.store.run_folder import RunFolder

AUTO = "auto"


@dataclass(frozen=True)
class Format:
    """A format of foreign samples.

    name: what `--layout` calls it. about: what it is, for people. fits: whether a source is of it,
    by its content. read: its records. rank: formats of lower rank are asked first whether a source
    fits. labels, aggregate: what is usual for it where the user says nothing. adopt: instead of
    `read`, for runs that need no judging: fills a folder and returns its manifest.
    """

    name: str
    about: str
    fits: Callable[[Glimpse], bool]
    read: Callable[[Source], Iterator[Raw]]
    rank: int = 50
    labels: Labels = "trust"
    aggregate: Aggregate = "min"
    adopt: Callable[[Source, RunFolder], Manifest] | None = None


@lru_cache(maxsize=1)
def formats() -> dict[str, Format]:
    """All formats by name, in the order in which they are asked."""
    found = [
        import_module(f"{__name__}.{module.name}").FORMAT
        for module in pkgutil.iter_modules(__path__)
    ]
    return {one.name: one for one in sorted(found, key=lambda one: (one.rank, one.name))}


def chosen(source: Source, layout: str) -> tuple[Format, Source]:
    """The format of a source, and the source with its files.

    Raises `DataError` for an unknown name, and where nothing fits.
    """
    known = formats()
    if layout != AUTO and layout not in known:
        raise DataError(f"unknown layout {layout!r}{nearest(layout, [AUTO, *known])}")
    glimpse = Glimpse(source.path, source.mapping)
    source = replace(source, files=glimpse.files)
    if layout != AUTO:
        return known[layout], source
    for one in known.values():
        if one.fits(glimpse):
            return one, source
    if glimpse.first is not None and glimpse.first.kind == "rows":
        return known["jsonl"], source  # which says what it lacks, with line and key
    raise DataError(_nothing_fits(glimpse))


def _nothing_fits(glimpse: Glimpse) -> str:
    if glimpse.kind == "folder":
        return (
            f"{glimpse.path}: found no samples: neither *.jsonl, nor a table solutions.parquet or "
            "solutions.csv, nor <i>.yaml files of samples, nor a log of a tool that ttc knows"
        )
    listed = "; ".join(f"{one.name} ({one.about})" for one in formats().values())
    return f"{glimpse.path}: can't tell its layout from its content; known are {listed}"
