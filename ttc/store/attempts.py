"""From a run's samples and answers to the arrays that measured curves are made from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ttc.analysis.estimate import FloatArray, IntArray
from ttc.analysis.measured import Attempts
from ttc.errors import DataError
from ttc.store._samples import AMOUNTS, used_by_unit
from ttc.store.mean_use import MeanUse, mean_use
from ttc.store.run_folder import RunFolder
from ttc.store.tables import read_frame

_KEY = ["problem_id", "repeat"]
_SAMPLE = ["number", "role", "verifier"]
_ANSWER = ["number", "correct", "prompt_tokens", "completion_tokens", "latency"]


@dataclass(frozen=True)
class LoadedAttempts:
    """A run's attempts, without what verifiers of the recipe asked when they were done.

    arrays: see `Attempts`; its `problem` numbers `problem_ids`. left_out: problems for which
    nothing was drawn. role, prompt, cached, completion: (samples,) of each sample, in tokens.
    """

    arrays: Attempts
    problem_ids: tuple[str, ...]
    left_out: tuple[str, ...]
    role: tuple[str, ...]
    prompt: IntArray
    cached: IntArray
    completion: IntArray


def is_measured(run: RunFolder) -> bool:
    """Whether a run's answers were measured: its sampler's solutions are no exchangeable draws."""
    return run.table("answers").is_file()


def load_attempts(run: RunFolder) -> LoadedAttempts:
    """The attempts of a run. Raises `DataError` for missing or broken tables, or if none drew."""
    ids = _problem_ids(run)
    samples = _samples(run, ids)
    samples = samples[samples["verifier"].isna()]
    answers = _known(read_frame(run.table("answers"), "answers", [*_KEY, *_ANSWER]), ids)
    attempts = pd.concat([samples[["row", "repeat"]], answers[["row", "repeat"]]])
    attempts = attempts.drop_duplicates().sort_values(["row", "repeat"])
    if not len(attempts):
        raise DataError(f"{run.name} has no attempts: nothing was drawn for any problem")
    there = attempts["row"].unique()
    attempts = attempts.assign(attempt=np.arange(len(attempts)))
    samples, answers = (
        frame.merge(attempts, on=["row", "repeat"]).sort_values(["attempt", "number"])
        for frame in (samples, answers)
    )
    prompt, cached, completion = (
        samples[name].to_numpy(np.int64)
        for name in ("prompt_tokens", "cached_tokens", "completion_tokens")
    )
    used = used_by_unit(lambda name: samples[name].to_numpy())
    if not used["seconds"].any():  # a call that took no time at all was not timed
        used["seconds"] = np.full(len(samples), np.nan)
    said = answers["prompt_tokens"] + answers["completion_tokens"]
    latency = answers["latency"].to_numpy(np.float64)
    arrays = Attempts(
        problem=np.searchsorted(there, attempts["row"].to_numpy()),
        drawn=samples["attempt"].to_numpy(np.int64),
        used=used,
        said=answers["attempt"].to_numpy(np.int64),
        cost=said.to_numpy(np.float64),
        right=answers["correct"].to_numpy(bool),
        latency=latency if latency.any() else np.full(len(latency), np.nan),
    )
    left_out = tuple(ids[i] for i in sorted(set(range(len(ids))) - set(there.tolist())))
    named = tuple(ids[i] for i in there.tolist())
    roles = tuple(map(str, samples["role"]))
    return LoadedAttempts(arrays, named, left_out, roles, prompt, cached, completion)


@dataclass(frozen=True)
class LoadedRole:
    """What attempts asked in one role. each: of a sample, by problem of the run; charged:
    (problems,) share of prompt tokens that count; counts: (problems,) samples of an attempt.
    """

    each: MeanUse
    charged: FloatArray
    counts: FloatArray


def load_role_use(run: RunFolder, role: str, verifier: str | None) -> LoadedRole | None:
    """Of a role of the sampler, or of a verifier of the recipe; None where it was never asked."""
    ids = _problem_ids(run)
    found = _samples(run, ids)
    whose = found["verifier"].isna() if verifier is None else found["verifier"] == verifier
    own = found[whose & (found["role"] == role)]
    if not len(own):
        return None
    row, n = own["row"].to_numpy(), len(ids)
    repeats = np.bincount(found.drop_duplicates(["row", "repeat"])["row"], minlength=n)
    prompt, cached, completion, seconds = (
        own[name].to_numpy(np.float64)
        for name in ("prompt_tokens", "cached_tokens", "completion_tokens", "seconds")
    )
    total = np.bincount(row, weights=prompt, minlength=n)
    paid = np.bincount(row, weights=prompt - cached, minlength=n)
    return LoadedRole(
        each=mean_use(row, prompt, completion, seconds, problems=n),
        charged=np.where(total > 0, paid / np.maximum(total, 1.0), 1.0),
        counts=np.bincount(row, minlength=n) / np.maximum(repeats, 1),
    )


def _problem_ids(run: RunFolder) -> list[str]:
    """In the run's order."""
    problems = read_frame(run.problems, "problems", ["problem_id", "problem_index"])
    return [str(name) for name in problems.sort_values("problem_index")["problem_id"]]


def _samples(run: RunFolder, ids: list[str]) -> pd.DataFrame:
    columns = [*_KEY, *_SAMPLE, *AMOUNTS]
    return _known(read_frame(run.table("samples"), "samples", columns), ids)


def _known(frame: pd.DataFrame, ids: list[str]) -> pd.DataFrame:
    """The rows with the places of their problems. Raises `DataError` for an unknown problem."""
    place = {name: i for i, name in enumerate(ids)}
    rows = frame["problem_id"].astype(object).map(place)
    if rows.isna().any():
        lost = frame["problem_id"][rows.isna()].iloc[0]
        raise DataError(f"the tables don't belong together: no problem {lost!r} in problems")
    return frame.assign(row=rows.astype(np.int64))
