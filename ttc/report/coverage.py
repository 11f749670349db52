"""What a run's curves are about: problems left out, and how far S and V reach."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from ttc.analysis.drawn import OF_SOME
from ttc.policies import of_recipe
from ttc.store.labels import split_told

if TYPE_CHECKING:
    from ttc.store.manifest import Manifest

_NAMED = 5


def coverage_lines(there: Collection[str] | None, manifest: Manifest) -> list[str]:
    """Sentences on what curves leave out; none where every problem has all its samples.

    there: labels of policies that have rows, to name those of the recipe that have none; None
    where some were asked for.
    """
    facts = manifest.evaluation
    if not facts:
        return []
    if facts.get("measured"):
        return _of_measured(facts)
    lines = _left_out(facts)
    silent = facts.get("without_valid_answer", [])
    if silent:
        lines.append(
            f"{len(silent)} have no solution with a valid answer and count as failed: "
            f"{some(silent)}"
        )
    if split := facts.get("split_by_label"):
        lines.append(split_told(split))
    lines += [] if there is None else _absent(there, manifest)
    few, many = facts.get("fewest_solutions", 0), facts.get("most_solutions", 0)
    if few < many:
        lines.append(
            f"S goes as far as every problem has solutions: {few} (some have up to {many})"
        )
    if "shared_out" in facts:
        lines.append(
            "how many solutions a problem has depended on its votes, so rows at S are "
            "biased; what the run bought is told below"
        )
    return lines


def _of_measured(facts: dict[str, Any]) -> list[str]:
    """Of a sampler that gives one answer."""
    lines = []
    unasked, silent = facts.get("without_solutions", []), facts.get("without_answer", [])
    if unasked:
        there, total = facts.get("evaluated", 0), facts.get("problems", 0)
        lines.append(
            f"{there} of {total} problems are evaluated: for the others "
            f"the budget ended before anything was drawn: {some(unasked)}"
        )
    if silent:
        lines.append(f"{len(silent)} have no answer and count as failed: {some(silent)}")
    repeats = facts.get("repeats", {})
    few, many = repeats.get("fewest", 1), repeats.get("most", 1)
    if many > 1:
        times = f"{few} to {many}" if few < many else str(many)
        lines.append(f"each problem was attempted {times} times; MC error: by how these differ")
    return lines


def _left_out(facts: dict[str, Any]) -> list[str]:
    total, unsolved = facts.get("problems", 0), facts.get("without_solutions", [])
    there = facts.get("evaluated", total)
    lines = []
    if there < total:
        lines.append(f"{there} of {total} problems are evaluated:")
    if unsolved:
        lines.append(
            f"  {len(unsolved)} have no solution, since the budget ended before their first: "
            f"{some(unsolved)}"
        )
    if tuning := facts.get("tuning"):
        lines.append(
            f"  {len(tuning['problems'])} were tuned on and are never reported on "
            f"({', '.join(tuning['files'])})"
        )
    for verifier, names in facts.get("without_verifications", {}).items():
        if names and facts.get("paired"):
            lines.append(
                f"  {len(names)} have solutions, but none verified by {verifier}: {some(names)} "
                "(ttc curves --all-problems shows what can be said of them)"
            )
        elif names:
            lines.append(
                f"{len(names)} problems have no solution verified by {verifier} and are left out "
                "where its verifications are read; ttc curves compares policies on the problems "
                f"that all have: {some(names)}"
            )
    return lines


def _absent(there: Collection[str], manifest: Manifest) -> list[str]:
    """Policies that the recipe names and no row is about."""
    absent = [policy for policy in of_recipe(manifest.recipe) if policy.label not in there]
    lines = []
    for policy in [one for one in absent if one.reads & set(OF_SOME)]:
        absent.remove(policy)
        reads = ", ".join(sorted(policy.reads & set(OF_SOME)))
        lines.append(f"no row for {policy.label}: it reads {reads}, which no sample has")
    if not absent:
        return lines
    labels = ", ".join(policy.label for policy in absent)
    if any(policy.reads_verifications for policy in absent):
        return [*lines, f"no row for {labels}: too few verifications were made"]
    return [*lines, f"no row for {labels}: some problem has too few solutions for the grid"]


def some(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    shown = ", ".join(names[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown} and {len(names) - _NAMED} more"
