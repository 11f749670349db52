"""What one sample of each role of a recipe is expected to use: measured elsewhere, or given."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ttc.budget.flops import Lengths
from ttc.errors import DataError, UsageError
from ttc.store.columns import TableName
from ttc.store.manifest import Manifest
from ttc.store.pool import MeanUse, load_pool, verifiers
from ttc.store.run_folder import RunFolder
from ttc.store.tables import read_table

SOLVER = "solver"
USUAL_VARIATION = 0.5
"""Standard deviation over mean of a completion's length, where only the mean is given."""
_PAID = 0.5  # of a run's samples: with fewer drawn anew, its time says nothing of drawing them


@dataclass(frozen=True)
class RoleUse:
    """Means of one sample of a role.

    lengths: its prompt (counted once) and completion, in tokens. seconds: of a run's time, with
    the concurrency it had; NaN where unknown. deviation: of the mean tokens of a sample from
    problem to problem, over their mean; problems: on how many that was measured, 0 if not.
    """

    lengths: Lengths
    seconds: float = math.nan
    deviation: float = 0.0
    problems: int = 0
    source: str = "given"

    def uncertainty(self, problems: int) -> float:
        """Relative standard error of the sum over so many new problems."""
        if self.problems < 2:
            return 0.0
        return self.deviation * math.sqrt(1 / self.problems + 1 / problems)


def given_use(prompts: Sequence[float], completion: float, seconds: float = math.nan) -> RoleUse:
    """Lengths that are told. prompts: tokens of some prompts."""
    prompt = np.asarray(prompts, dtype=np.float64)
    mean = float(prompt.mean()) if len(prompt) else 0.0
    squared = float((prompt**2).mean()) if len(prompt) else 0.0
    return RoleUse(
        Lengths(
            prefill=mean,
            prefill_squared=squared,
            completion=completion,
            completion_squared=completion**2 * (1 + USUAL_VARIATION**2),
            prompt_times_completion=mean * completion,
        ),
        seconds,
    )


def measured_uses(run: RunFolder, labels: Sequence[str]) -> dict[str, RoleUse]:
    """Lengths measured in a run: the solver's, and those of verifiers with these labels.

    A run with a single verifier stands for a single label of another name. Raises `DataError` for
    a run without samples.
    """
    manifest = run.manifest()
    names = _matching(verifiers(run), labels)
    pools = {label: load_pool(run, name) for label, name in names.items()}
    loaded = next(iter(pools.values()), None) or load_pool(run, next(iter(verifiers(run)), None))
    uses = {SOLVER: loaded.solutions} | {n: pool.verifications for n, pool in pools.items()}
    streams = _streams(run, manifest)
    return {role: _measured(use, streams, run.name) for role, use in uses.items()}


def _matching(there: Sequence[str], labels: Sequence[str]) -> dict[str, str]:
    if len(there) == len(labels) == 1:
        return {labels[0]: there[0]}
    return {label: label for label in labels if label in there}


def _measured(use: MeanUse, streams: float, source: str) -> RoleUse:
    tokens = use.prompt_tokens + use.completion_tokens
    known = tokens[~np.isnan(tokens)]
    if not len(known):
        raise DataError(f"{source} has no samples to take lengths from")
    mean = float(known.mean())
    spread = float(known.std(ddof=1) / mean) if len(known) > 1 and mean > 0 else 0.0
    seconds = _mean(use.seconds)
    return RoleUse(
        Lengths(
            prefill=_mean(use.prompt_tokens),
            prefill_squared=_mean(use.prompt_squared),
            completion=_mean(use.completion_tokens),
            completion_squared=_mean(use.completion_squared),
            prompt_times_completion=_mean(use.prompt_times_completion),
        ),
        seconds / streams if seconds > 0 else math.nan,
        spread,
        len(known),
        source,
    )


def _mean(values: NDArray[np.float64]) -> float:
    return float(np.nanmean(values))


def _streams(run: RunFolder, manifest: Manifest) -> float:
    """How many samples were under way at a time, on average; NaN where that is not known."""
    wall = manifest.timing.get("sampling_seconds", 0.0)
    parts = [manifest.ledger.get(purpose, {}) for purpose in ("solution", "verification")]
    samples = sum(part.get("samples", 0) for part in parts)
    paid = sum(part.get("paid_samples", 0) for part in parts)
    if not samples or wall <= 0 or paid < _PAID * samples:
        return math.nan
    busy = _seconds(run, "solutions") + _seconds(run, "verifications")
    return busy * paid / samples / wall if busy > 0 else math.nan


def _seconds(run: RunFolder, table: TableName) -> float:
    if not run.table(table).is_file():
        return 0.0
    column = read_table(run.table(table), table, ["seconds"]).column("seconds")
    return float(np.nansum(column.to_numpy()))


def complete(
    uses: Mapping[str, RoleUse], roles: Sequence[str], told: Mapping[str, RoleUse]
) -> dict[str, RoleUse]:
    """What is told goes before what was measured. Raises `UsageError` where neither is there."""
    found = {**uses, **told}
    for role in roles:
        if role not in found:
            option = "--solution-tokens" if role == SOLVER else "--verification-tokens"
            raise UsageError(
                f"nothing says how long completions of the {role} are: give {option}, or measured "
                "lengths by --like RUN or --pilot PROBLEMS"
            )
    return {role: found[role] for role in roles}
