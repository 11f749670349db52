"""How long the prompts and completions of a recipe's roles are: measured in a run, or told."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ttc.analysis.estimate import FloatArray
from ttc.budget.flops import Lengths
from ttc.errors import DataError
from ttc.pipeline.planning.roles import SOLVER, VERIFIER, PlannedRole
from ttc.store.attempts import is_measured, load_role_use
from ttc.store.columns import TableName
from ttc.store.mean_use import MeanUse
from ttc.store.pool import LoadedPool, load_any, load_pool, verifiers
from ttc.store.run_folder import RunFolder
from ttc.store.tables import read_frame, read_table, scan_rows

USUAL_VARIATION = 0.5
"""Standard deviation over mean of a completion's length, where only the mean is told."""
_PAID = 0.5  # of a run's samples: with fewer drawn anew, its time says nothing of drawing them


@dataclass(frozen=True)
class RoleUse:
    """What one sample of a role uses, by problem; a single entry where that is told, not measured.

    lengths: means of a problem's samples, in tokens, NaN where unknown. charged: (problems,) share
    of prompts that are charged: those with a text of their own. seconds: of a run's time, with the
    concurrency it had; NaN where unknown. counts: (problems,) samples of each problem, where that
    is for the method to decide; None where it was not measured. alone: whether a server gave one
    sample a request, though it was asked for more. drafts: where a smaller network drafts, the
    tokens and FLOPs that this takes for a token of a completion; None where it was not measured.
    """

    lengths: tuple[Lengths, ...]
    charged: FloatArray
    seconds: float = math.nan
    source: str = ""
    counts: FloatArray | None = None
    alone: bool = False
    drafts: tuple[float, float] | None = None

    @property
    def completion(self) -> float:
        """Mean tokens of a completion; NaN where unknown."""
        known = self._known()
        return float(np.mean(known)) if known else math.nan

    @property
    def longest(self) -> float:
        """The largest of the problems' means; NaN where unknown."""
        return max(self._known(), default=math.nan)

    def _known(self) -> list[float]:
        return [one.completion for one in self.lengths if not math.isnan(one.completion)]


def told_use(prompts: Sequence[float], completion: float, source: str) -> RoleUse:
    """Of prompts of these lengths, all of them charged, and a mean completion (NaN if unknown)."""
    prompt = float(np.mean(prompts)) if len(prompts) else math.nan
    lengths = Lengths(
        prefill=prompt,
        prefill_squared=float(np.mean(np.square(prompts))) if len(prompts) else math.nan,
        completion=completion,
        completion_squared=completion**2 * (1 + USUAL_VARIATION**2),
        prompt_times_completion=prompt * completion,
    )
    return RoleUse((lengths,), np.ones(1), source=source)


def measured_uses(run: RunFolder, roles: Sequence[PlannedRole]) -> dict[str, RoleUse]:
    """What the samples of a run used, by the names of roles: as far as it has them.

    A run with a single verifier stands for a single one of another name. Raises `DataError` for a
    run without samples.
    """
    if is_measured(run):
        return _of_attempts(run, roles)
    verified = {one.name: one.prompts or 1 for one in roles if one.judges and one.role == VERIFIER}
    there = verifiers(run)
    names = {label: label for label in verified if label in there}
    if len(there) == len(verified) == 1:
        names = {next(iter(verified)): there[0]}
    pools = {label: load_pool(run, name) for label, name in names.items()}
    solved = next(iter(pools.values()), None) or load_any(run)
    if not np.isfinite(solved.solutions.completion_tokens).any():
        raise DataError(f"{run.name} has no samples to take lengths from")
    streams, ids = _streams(run), solved.arrays.problem_ids
    uses = {SOLVER: _measured(solved.solutions, streams, np.ones(len(ids)), run.name)}
    if int(solved.arrays.n_solutions.max()) > 1:
        uses[SOLVER] = replace(uses[SOLVER], alone=_gives_one(run, None))
    for label, pool in pools.items():
        charged = _own_texts(run, pool, verified[label])
        uses[label] = _measured(pool.verifications, streams, charged, run.name)
        if int(pool.arrays.n_verifications.max()) > 1:
            uses[label] = replace(uses[label], alone=_gives_one(run, names[label]))
    return _with_drafts(run, roles, uses)


def _with_drafts(
    run: RunFolder, roles: Sequence[PlannedRole], uses: dict[str, RoleUse]
) -> dict[str, RoleUse]:
    """The uses with what drafts took in the run, by its ledger."""
    known = run.manifest().roles
    for one in roles:
        used = known.get(one.role, {})
        if one.name in uses and used.get("target_passes") and used.get("completion_tokens"):
            tokens = used["drafted"] - used["accepted"]
            flops = used["draft_flops"] + used["discarded_flops"]
            of = used["completion_tokens"]
            uses[one.name] = replace(uses[one.name], drafts=(tokens / of, flops / of))
    return uses


def _gives_one(run: RunFolder, verifier: str | None) -> bool:
    """Whether every sample came by a request of its own, though requests were for several."""
    if not run.table("samples").is_file() or _asked(run.manifest().recipe) < 2:
        return False
    found = read_frame(run.table("samples"), "samples", ["verifier", "requests"])
    whose = found["verifier"].isna() if verifier is None else found["verifier"] == verifier
    own = found["requests"][whose]
    return bool(len(own) and (own > 0).all())


def _asked(recipe: Mapping[str, Any]) -> float:
    """Of how many samples the requests of a run were, as far as its settings tell."""
    parts = [recipe.get("engine"), recipe.get("backend")]
    parts += [one.get("backend") for one in recipe.get("verifiers", ())]
    known = [one["n_per_call"] for one in parts if isinstance(one, dict) and "n_per_call" in one]
    return min(known, default=1)


def _of_attempts(run: RunFolder, roles: Sequence[PlannedRole]) -> dict[str, RoleUse]:
    """The same from the samples of attempts, with how many there were."""
    streams = _streams(run)
    uses = {}
    for one in roles:
        use = load_role_use(run, one.role, one.verifier)
        if use is not None:
            # Exactly planned prompts are each charged once, however many samples this run had.
            charged = np.ones_like(use.charged) if one.exact else use.charged
            measured = _measured(use.each, streams, charged, run.name)
            uses[one.name] = replace(measured, counts=use.counts)
    if not uses:
        raise DataError(f"{run.name} has no samples to take lengths from")
    return _with_drafts(run, roles, uses)


def _measured(use: MeanUse, streams: float, charged: FloatArray, source: str) -> RoleUse:
    columns = (
        use.prompt_tokens,
        use.prompt_squared,
        use.completion_tokens,
        use.completion_squared,
        use.prompt_times_completion,
    )
    lengths = tuple(Lengths(*map(float, row)) for row in zip(*columns, strict=True))
    known = use.seconds[np.isfinite(use.seconds)]
    seconds = float(known.mean()) if len(known) else 0.0
    return RoleUse(lengths, charged, seconds / streams if seconds > 0 else math.nan, source)


def _own_texts(run: RunFolder, pool: LoadedPool, first: int) -> FloatArray:
    """(problems,) distinct texts over texts, among the first solutions of each problem.

    Verifications of solutions with one and the same text share a prompt. Texts that are not there
    (of a simulated run) are taken to be all different.
    """
    texts: dict[str, list[str]] = {name: [] for name in pool.arrays.problem_ids}
    columns = ["problem_id", "solution_index", "text", "returned"]
    for row in scan_rows(run.solutions, "solutions", columns):
        early = row["solution_index"] < first and row.get("returned") is not False
        if early and row["problem_id"] in texts:
            texts[row["problem_id"]].append((row["text"] or "").strip())
    shares = [len(set(t)) / len(t) if any(t) else 1.0 for t in texts.values()]
    return np.asarray(shares, dtype=np.float64)


def with_prompts(use: RoleUse, prompts: Sequence[float]) -> RoleUse:
    """The use with these prompts, where its run has none: simulated and some imported ones."""
    if any(one.prefill > 0 for one in use.lengths) or not prompts:
        return use
    mean, squared = float(np.mean(prompts)), float(np.mean(np.square(prompts)))
    lengths = tuple(
        replace(
            one,
            prefill=mean,
            prefill_squared=squared,
            prompt_times_completion=mean * one.completion,
        )
        for one in use.lengths
    )
    return replace(use, lengths=lengths)


def cut(use: RoleUse, max_tokens: float) -> RoleUse:
    """The use where no completion is longer than that."""
    lengths = tuple(
        replace(
            one,
            completion=min(one.completion, max_tokens),
            completion_squared=min(one.completion_squared, max_tokens**2),
            prompt_times_completion=min(one.prompt_times_completion, one.prefill * max_tokens),
        )
        for one in use.lengths
    )
    return replace(use, lengths=lengths)


def _streams(run: RunFolder) -> float:
    """How many samples were under way at a time, on average; NaN where that is not known."""
    manifest = run.manifest()
    wall = manifest.timing.get("sampling_seconds", 0.0)
    parts = manifest.roles.values()
    samples = sum(part.get("samples", 0) for part in parts)
    paid = sum(part.get("paid_samples", 0) for part in parts)
    if not samples or wall <= 0 or paid < _PAID * samples:
        return math.nan
    if is_measured(run):
        busy = _seconds(run, "samples")
    else:
        busy = _seconds(run, "solutions") + _seconds(run, "verifications")
    return busy * paid / samples / wall if busy > 0 else math.nan


def _seconds(run: RunFolder, table: TableName) -> float:
    if not run.table(table).is_file():
        return 0.0
    column = read_table(run.table(table), table, ["seconds"]).column("seconds")
    return float(np.nansum(column.to_numpy()))
