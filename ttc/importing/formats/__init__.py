"""Formats of foreign samples: one file each, which holds a `FORMAT`; found by looking in here."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import import_module
from shlex import quote
from typing import TYPE_CHECKING

from ttc.errors import DataError
from ttc.importing.judging import Aggregate, Labels
from ttc.importing.records import Raw
from ttc.importing.sources import Glimpse, Source
from ttc.store.pool_file import POOL_NAME
from ttc.words import nearest

if TYPE_CHECKING:
    from ttc.store.manifest import Manifest
    from ttc.store.run_folder import RunFolder

AUTO = "auto"
_NAMED = 8  # files that are told by name


@dataclass(frozen=True)
class Format:
    """A format of foreign samples.

    name: what `--layout` calls it. about: what it is, for people. fits: whether a source is of it,
    by its content. read: its records. rank: formats of lower rank are asked first whether a source
    fits. labels, aggregate: what is usual for it where the user says nothing. adopt: instead of
    `read`, for runs that need no judging: fills a folder and returns its manifest. takes: which of
    metric, filter, right_from and verifications mean something to it; others are refused.
    """

    name: str
    about: str
    fits: Callable[[Glimpse], bool]
    read: Callable[[Source], Iterator[Raw]]
    rank: int = 50
    labels: Labels = "trust"
    aggregate: Aggregate = "min"
    adopt: Callable[[Source, RunFolder], Manifest] | None = None
    takes: frozenset[str] = frozenset()

    def refuse_unfit(self, source: Source) -> None:
        """Raise `DataError` for an option that was given and would do nothing."""
        wanted = source.wanted
        given = {
            "metric": wanted.metric,
            "filter": wanted.filter,
            "right_from": wanted.right_from != 1,
            "verifications": source.verifications,
        }
        for name, value in given.items():
            if value and name not in self.takes:
                option = name.replace("_", "-")
                raise DataError(f"{source.path}: --{option} means nothing for {self.name} data")


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
    _note_unread(glimpse, source)
    form = known[layout] if layout != AUTO else _fitting(glimpse)
    form.refuse_unfit(source)
    return form, source


def _fitting(glimpse: Glimpse) -> Format:
    for one in formats().values():
        if one.fits(glimpse):
            return one
    if glimpse.first is not None and glimpse.first.kind == "rows":
        return formats()["jsonl"]  # which says what it lacks, with line and key
    raise DataError(_nothing_fits(glimpse))


def _note_unread(glimpse: Glimpse, source: Source) -> None:
    """Note which files right in a folder are not among those to be read."""
    if glimpse.kind == "folder" and glimpse.files:
        rest = sorted(glimpse.names - {file.name for file in glimpse.files})
        if rest:
            more = f" and {len(rest) - _NAMED} more" if len(rest) > _NAMED else ""
            source.trail.note(f"files of the folder not read: {', '.join(rest[:_NAMED])}{more}")


def _nothing_fits(glimpse: Glimpse) -> str:
    if glimpse.kind == "folder":
        return (
            f"{glimpse.path}: found no samples: neither *.jsonl, nor a table solutions.parquet or "
            "solutions.csv, nor <i>.yaml files of samples, nor a log of a tool that ttc knows"
        )
    if POOL_NAME in glimpse.names:
        return f"{glimpse.path}: is a packed pool; ttc pool add {quote(str(glimpse.path))} adds it"
    listed = "; ".join(f"{one.name} ({one.about})" for one in formats().values())
    return f"{glimpse.path}: can't tell its layout from its content; known are {listed}"
