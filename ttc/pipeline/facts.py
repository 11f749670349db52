"""What a run is, what it cost and what came out, as plain data: behind `ttc show RUN --json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ttc.store.manifest import Manifest
from ttc.store.run_folder import RunFolder
from ttc.store.tables import read_table

Row = Mapping[str, Any]
_NOBODY_CHOOSES = ("oracle",)
"""Policies that know the right answer: no result of anybody's."""
SPENT = ("samples", "prompt_tokens", "completion_tokens", "flops", "usd")


def run_facts(run: RunFolder) -> dict[str, Any]:
    """Everything that a summary of a run says. Raises `DataError` for no run and broken tables."""
    manifest = run.manifest()
    curves = curve_rows(run)
    return {
        "run": run.name,
        "recipe": run.recipe_name,
        "run_id": run.run_id,
        "shard": run.shard or None,
        "path": str(run.path),
        "status": manifest.status,
        "note": manifest.note,
        "seed": manifest.seed,
        "started": manifest.started.isoformat(),
        "ended": None if manifest.ended is None else manifest.ended.isoformat(),
        "models": {
            name: {"backend": one.backend, "model": one.model}
            for name, one in manifest.models.items()
        },
        "spent": spent_by_role(manifest),
        "failures": {name: one.model_dump() for name, one in manifest.failures.items()},
        "lambda": dict(manifest.choices.lambda_by_verifier),
        "success": curves,
        "best_within_budgets": list(manifest.evaluation.get("best", ())),
        "success_as_shared_out": list(manifest.evaluation.get("shared_out", ())),
    }


def curve_rows(run: RunFolder) -> list[dict[str, Any]]:
    """Rows of the run's table of curves; none where it has no such table."""
    if not run.curves.is_file():
        return []
    found: list[dict[str, Any]] = read_table(run.curves, "curves").to_pylist()
    return found


def spent_by_role(manifest: Manifest) -> dict[str, dict[str, float]]:
    """Samples, tokens, FLOPs and dollars of each role that had any."""
    return {
        role: {name: used.get(name) or 0 for name in SPENT}
        for role, used in manifest.roles.items()
        if used.get("samples")
    }


def spent(manifest: Manifest) -> dict[str, float]:
    """The same of all roles together, prompts and completions as `tokens`."""
    roles = spent_by_role(manifest).values()
    total = {name: float(sum(one[name] for one in roles)) for name in SPENT}
    tokens = total.pop("prompt_tokens") + total.pop("completion_tokens")
    return {
        "samples": total["samples"],
        "tokens": tokens,
        **{k: total[k] for k in ("flops", "usd")},
    }


def at_most(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each policy at its most solutions and verifications, the best first.

    Nothing is chosen by success but the order, so none of it is flattered; measured answers are at
    their largest limit.
    """
    largest: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        name = row["policy"], row["verifier"]
        if name not in largest or _size(row) > _size(largest[name]):
            largest[name] = row
    return sorted(largest.values(), key=lambda row: -(row["success"] or 0.0))


def headline(rows: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The best of these that somebody could have chosen; None where there is none."""
    return next((row for row in at_most(rows) if choosable(row)), None)


def choosable(row: Row) -> bool:
    """Whether a row is of a policy that needs no right answer to choose."""
    return str(row["policy"]).partition("(")[0] not in _NOBODY_CHOOSES


def _size(row: Row) -> tuple[float, float]:
    first = row.get("cap") if row["S"] is None else row["S"]
    return float(first or 0), float(row["V"] or 0)
