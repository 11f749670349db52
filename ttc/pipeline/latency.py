"""Time to answer at a stated concurrency, by simulation from the times of a run's calls.

One attempt has the slots to itself, as one user who waits for one answer. What a branch asks
together (`wave` of the `samples` table) may be under way together; its next wave waits for that,
and for branches that it split into meanwhile. Samples of one request come together, when it has
taken the time of all of them (each has its share in `seconds`). Times are as they were at the run's
own load: a server that was busy makes each call longer, and the simulation with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ttc.analysis.estimate import FloatArray
from ttc.analysis.latency import finish_times, makespan
from ttc.errors import DataError
from ttc.store.attempts import LoadedAttempts, load_attempts
from ttc.store.run_folder import RunFolder
from ttc.store.tables import read_frame

_SAMPLES = ("problem_id", "repeat", "branch", "number", "requests", "seconds", "verifier", "wave")
_ANSWERS = ("problem_id", "repeat", "branch", "number", "calls", "correct")
DRAWS = 64
"""Random choices of S solutions of a problem, over which the time of a cell is averaged."""


def answer_latency(run: RunFolder, concurrency: int) -> pd.DataFrame:
    """Of a run whose answers are measured: a row for each answer that an attempt gave.

    Columns: `problem_id`, `repeat`, `number` (as in the `answers` table), `correct`, and `latency`,
    seconds until the answer with so many calls under way at a time. Raises `DataError` for tables
    that lack waves or times, as those of older runs do.
    """
    samples = read_frame(run.table("samples"), "samples", list(_SAMPLES))
    samples = samples[samples["verifier"].isna()]
    if samples["wave"].isna().any():
        raise DataError(
            f"{run.name}: its samples don't tell what was asked together (wave), as those of older "
            "runs; run its recipe again with other --results and the same journal"
        )
    if not samples["seconds"].any():
        raise DataError(f"{run.name}: its calls have no times to tell a latency from")
    answers = read_frame(run.table("answers"), "answers", list(_ANSWERS))
    key = ["problem_id", "repeat"]
    drawn = dict(iter(samples.groupby(key, observed=True)))
    found = []
    for name, said in answers.groupby(key, observed=True, sort=False):
        line = _Line.of(drawn[name], concurrency) if name in drawn else None
        said = said.sort_values("number")
        there = zip(said["branch"].astype(str), said["calls"].astype(int), strict=True)
        times = [0.0 if line is None else line.until(branch, n) for branch, n in there]
        found.append(said[[*key, "number", "correct"]].assign(latency=times))
    if not found:
        raise DataError(f"{run.name} has no answers to tell a latency of")
    return pd.concat(found, ignore_index=True)


def at_concurrency(run: RunFolder, concurrency: int) -> LoadedAttempts:
    """The attempts of a run with `latency` of its answers at this concurrency, in the same order
    as `load_attempts` has them, so that curves of them can be stopped by time.
    """
    loaded = load_attempts(run)
    told = answer_latency(run, concurrency)
    place = {name: i for i, name in enumerate(loaded.problem_ids)}
    told = told.assign(row=told["problem_id"].astype(object).map(place).astype(np.int64))
    told = told.sort_values(["row", "repeat", "number"])
    latency = told["latency"].to_numpy(np.float64)
    return replace(loaded, arrays=replace(loaded.arrays, latency=latency))


@dataclass(frozen=True)
class _Line:
    """The samples of an attempt, in their order: branches, and when each was there."""

    branches: tuple[str, ...]
    ends: FloatArray

    @classmethod
    def of(cls, samples: pd.DataFrame, slots: int) -> _Line:
        samples = samples.sort_values("number")
        branches = tuple(samples["branch"].astype(str))
        waves = samples["wave"].astype(int).tolist()
        call_of, seconds = _calls(branches, waves, samples)
        before = _waits(branches, waves)
        waits: list[set[int]] = [set() for _ in seconds]
        for row, call in enumerate(call_of):
            waits[call] |= {call_of[one] for one in before[row]}
        ends = finish_times(seconds, [sorted(one) for one in waits], slots)
        return cls(branches, ends[call_of])

    def until(self, branch: str, calls: int) -> float:
        """Seconds until a branch has what it has asked for up to the attempt's first so many
        samples, as an answer of it waits for.
        """
        rows = [
            i
            for i, own in enumerate(self.branches[:calls])
            if _above(own, branch) or _above(branch, own)
        ]
        return float(self.ends[rows].max(initial=0.0))


def _calls(
    branches: Sequence[str], waves: Sequence[int], samples: pd.DataFrame
) -> tuple[list[int], list[float]]:
    """The call of each sample, and how long each took: one that brought several has 0 requests
    beside all of them but the first.
    """
    call_of: list[int] = []
    seconds: list[float] = []
    last: tuple[str, int] | None = None
    told = zip(samples["requests"].tolist(), samples["seconds"].tolist(), strict=True)
    for place, (requests, took) in zip(zip(branches, waves, strict=True), told, strict=True):
        if requests or place != last:
            seconds.append(0.0)
        seconds[-1] += took
        call_of.append(len(seconds) - 1)
        last = place
    return call_of, seconds


def _waits(branches: Sequence[str], waves: Sequence[int]) -> list[list[int]]:
    """Of each sample, those that must be there before it is asked for: the wave before it in its
    branch, or where that begins, in the one that it is split from; and branches that ended between.
    """
    wave: dict[str, list[int]] = {}
    before: dict[str, list[int]] = {}
    joined: dict[str, list[int]] = {}
    found: list[list[int]] = []
    number: dict[str, int] = {}
    for row, (branch, own) in enumerate(zip(branches, waves, strict=True)):
        if number.get(branch) != own:
            above = _parent(branch)
            if branch in number:
                before[branch] = [*wave[branch], *joined.pop(branch, [])]
            else:
                before[branch] = _standing(above, wave, before)
            number[branch], wave[branch] = own, []
        found.append(before[branch])
        wave[branch].append(row)
        over = _parent(branch)
        while over is not None:
            joined.setdefault(over, []).append(row)
            over = _parent(over)
    return found


def _standing(
    above: str | None, wave: dict[str, list[int]], before: dict[str, list[int]]
) -> list[int]:
    """The last samples of the nearest line above that has any."""
    while above is not None:
        if above in wave:
            return list(wave[above])
        above = _parent(above)
    return []


def _parent(branch: str) -> str | None:
    """The branch that one was split from; None for the whole attempt, which is called ``."""
    if not branch:
        return None
    return branch.rpartition(".")[0]


def _above(one: str, other: str) -> bool:
    """Whether a branch is another one, or one that it was split from."""
    return not one or one == other or other.startswith(f"{one}.")


def cell_latency(
    run: RunFolder,
    concurrency: int,
    cells: Sequence[tuple[int, int]],
    verifier: str | None = None,
    seed: int = 0,
) -> tuple[tuple[str, ...], FloatArray]:
    """Of a pool: problem ids, and (problems, cells) mean seconds until S solutions and then V
    verifications of each are there, with so many calls under way at a time.

    cells: pairs of S and V. Means are over random choices of the problem's solutions and
    verifications, each a call of its own share of time; NaN where a problem has too few of them.
    Raises `DataError` where nothing was timed.
    """
    solutions = read_frame(run.solutions, "solutions", ["problem_id", "solution_index", "seconds"])
    if not solutions["seconds"].any():
        raise DataError(f"{run.name}: its calls have no times to tell a latency from")
    judged: dict[tuple[str, int], FloatArray] = {}
    if verifier is not None:
        columns = ["problem_id", "solution_index", "verifier", "seconds"]
        table = read_frame(run.verifications, "verifications", columns)
        table = table[table["verifier"] == verifier]
        for (name, index), own in table.groupby(["problem_id", "solution_index"], observed=True):
            judged[str(name), int(index)] = own["seconds"].to_numpy(np.float64)
    problems = [
        (str(n), own) for n, own in solutions.groupby("problem_id", observed=True, sort=False)
    ]
    found = np.full((len(problems), len(cells)), np.nan)
    for i, (name, own) in enumerate(problems):
        rng = np.random.default_rng((seed, i))
        times = own["seconds"].to_numpy(np.float64)
        indices = own["solution_index"].to_numpy(np.int64)
        for j, (s, v) in enumerate(cells):
            able = [
                k
                for k, n in enumerate(indices)
                if not v or len(judged.get((name, int(n)), ())) >= v
            ]
            if s > len(able):
                continue
            draws = []
            for _ in range(DRAWS):
                chosen = rng.permutation(able)[:s]
                verdicts = [
                    t
                    for k in chosen
                    if v
                    for t in rng.permutation(judged[name, int(indices[k])])[:v]
                ]
                draws.append(
                    makespan(times[chosen].tolist(), concurrency) + makespan(verdicts, concurrency)
                )
            found[i, j] = np.mean(draws)
    return tuple(name for name, _ in problems), found
