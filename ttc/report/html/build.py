"""From runs to a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import ttc
from ttc.errors import UsageError
from ttc.pipeline.naming import names_of
from ttc.policies import PolicyPart, of_recipe, usual
from ttc.report.html.chunks import Chunks, Kept, fitting
from ttc.report.html.citing import bibtex
from ttc.report.html.content import Analyses, analyses, axes, facts, index, parting
from ttc.report.html.pack import as_json, packed, shown_line
from ttc.report.html.page import page, size_of
from ttc.report.html.paired import PairedData, paired
from ttc.report.html.problems import IndexRow, ProblemPage, problem_page
from ttc.report.html.rows import RunRows
from ttc.store.manifest import Manifest
from ttc.store.pool import verifiers
from ttc.store.run_folder import RunFolder

HEAD = "head"


@dataclass(frozen=True)
class RunPart:
    """One run of a page: what it was, what was computed of it, and its problems.

    single: policies that choose the only solution that they look at.
    """

    run: RunFolder
    manifest: Manifest
    facts: dict[str, Any]
    analyses: Analyses
    rows: list[IndexRow]
    kept: list[Kept]
    single: frozenset[str] = frozenset()


def run_part(run: RunFolder, *, deep: bool = True) -> RunPart:
    """Raises `DataError` for a run without tables, or with broken ones."""
    manifest = run.manifest()
    rows, kept = [], []
    for one in problem_pages(run, manifest):
        rows.append(one.row)
        kept.append(Kept.of(one))
    single = frozenset(one.label for one in _policies(manifest) if one.largest == 1)
    made = analyses(run, deep=deep)
    return RunPart(run, manifest, facts(run, manifest), made, rows, kept, single)


def problem_pages(run: RunFolder, manifest: Manifest) -> Iterator[ProblemPage]:
    """Of each problem, in the run's order."""
    tables = RunRows(run)
    policies, names = _policies(manifest), verifiers(run)
    for row in tables.problems:
        yield problem_page(tables.of(row), policies, names)


def _policies(manifest: Manifest) -> Sequence[PolicyPart]:
    return of_recipe(manifest.recipe, manifest.code) or usual()


def head(
    parts: Sequence[RunPart], made: Sequence[Chunks], beside: PairedData | None = None
) -> dict[str, Any]:
    """What a page reads when it opens. beside: how several runs stand against each other."""
    names = names_of([one.run for one in parts]).names
    runs = [
        {
            "label": shown_line(name, 80),
            **part.facts,
            **part.analyses,
            "index": index(part.rows, part.single),
            "place": chunked.place,
        }
        for name, part, chunked in zip(names, parts, made, strict=True)
    ]
    single = frozenset().union(*(part.single for part in parts))
    return {
        **frame(runs),
        "paired": beside,
        "parting": parting([part.rows for part in parts], single) if len(parts) > 1 else [],
        "cite": bibtex([part.manifest.recipe for part in parts]),
        "texts": sum(c.texts for c in made),
        "left_out": sum(c.left_out for c in made),
    }


def frame(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """A page about runs of which nothing is known beside what is in `runs`."""
    return {
        "ttc": ttc.__version__,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "axes": axes(),
        "runs": runs,
        "paired": None,
        "parting": [],
        "cite": bibtex([]),
        "texts": 0,
        "left_out": 0,
    }


def report(
    runs: Sequence[RunFolder],
    max_size: int | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[str, int, int]:
    """The page of some runs as text; how many texts they have, and how many were left out of it.

    max_size: in bytes. Raises `DataError` for runs without tables, and `UsageError` where not even
    the figures fit.
    """
    parts = []
    for run in runs:
        progress(run.name)
        parts.append(run_part(run))
    if len(parts) > 1:
        progress("comparing")
    beside = paired([one.run for one in parts])
    progress("packing")
    made = fitting([one.kept for one in parts], None)
    first = packed(as_json(head(parts, made, beside)))
    title = ", ".join(dict.fromkeys(str(one.facts["recipe_name"]) for one in parts))
    if max_size is not None:
        names = [name for name, _ in blocks(made)]
        # What is left out is said in the head, in a few letters more.
        room = max_size - size_of([HEAD, *names]) - len(first) - len(title.encode()) * 6 - 400
        if room < 0:
            raise UsageError(f"--max-size {max_size:,}: the page alone takes {max_size - room:,}")
        made = fitting([one.kept for one in parts], room)
        first = packed(as_json(head(parts, made, beside)))
    data = {HEAD: first, **dict(blocks(made))}
    left_out = sum(one.left_out for one in made)
    return page(f"{title} · ttc report", data), sum(one.texts for one in made), left_out


def blocks(made: Sequence[Chunks]) -> Iterator[tuple[str, str]]:
    """What is packed, by the name that the page knows it by."""
    for number, chunked in enumerate(made):
        for i, text in enumerate(chunked.packed):
            yield f"d{number}-{i}", text
