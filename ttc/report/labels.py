"""Sentences on labels that came with imported data and differ from our judgement."""

from __future__ import annotations

from collections.abc import Mapping
from shlex import quote
from typing import TYPE_CHECKING

from ttc.report.coverage import some
from ttc.store.run_words import shortest_word
from ttc.words import counted

if TYPE_CHECKING:
    from ttc.store.manifest import Manifest
    from ttc.store.run_folder import RunFolder


def label_lines(run: RunFolder, manifest: Manifest) -> list[str]:
    """Where labels and our judgement agree or not; nothing for data without labels."""
    if not manifest.source.get("labels"):
        return []
    from ttc.store.labels import compare_labels

    found = compare_labels(run)
    head = f"labels that came with the data: {found.labels:,}; "
    if not found.differ:
        return [head + "our judgement agrees with all of them"]
    lines = [
        f"{head}our judgement differs on {found.differ:,} "
        f"({found.differ / found.labels:.1%}), in {counted(len(found.problems), 'problem')}"
    ]
    for text, side in (
        ("we say right, the label wrong", found.accepted),
        ("we say wrong, the label right", found.refused),
    ):
        if side:
            lines.append(f"  {text}: {some(_counted(side))}")
    example = found.problems[0]
    # Words to be pasted into a shell: a name in the data must stay one word there.
    lines.append(f"  see ttc show {quote(shortest_word(run))} --problem {quote(example)}")
    return lines


def _counted(side: Mapping[str, tuple[int, ...]]) -> list[str]:
    """`id (3 solutions)`, the problems with most of them first."""
    ordered = sorted(side, key=lambda name: -len(side[name]))
    return [f"{name} ({counted(len(side[name]), 'solution')})" for name in ordered]
