"""Weights of several verifiers, learnt on tuning problems: with labels, or from agreement alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ttc.analysis.agreement import dawid_skene
from ttc.analysis.errors import PoolError
from ttc.analysis.estimate import BoolArray, FloatArray
from ttc.analysis.logistic import logistic_fit, within_auc
from ttc.errors import DataError, UsageError
from ttc.pipeline.tuning.file import Weights
from ttc.store.pool import all_verifiers, judging_alone
from ttc.store.run_folder import RunFolder
from ttc.store.tables import read_frame

Method = Literal["logistic", "agreement"]
_MISSING = 0.5  # as the logistic ensemble has it
_ACCEPTS = 0.5


@dataclass(frozen=True)
class Judged:
    """Answered solutions that some verifier judged. scores: (n, m) mean score of each, NaN where a
    verifier gave none; right: (n,); problem: (n,) numbers; tuning: (n,) on which side it is.
    """

    names: tuple[str, ...]
    scores: FloatArray
    right: BoolArray
    problem: NDArray[np.int64]
    tuning: BoolArray


def learn(
    run: RunFolder,
    wanted: str | None,
    chosen: frozenset[str],
    there: frozenset[str],
    method: Method,
) -> Weights:
    """Weights for `sigmoid(intercept + sum of weight * mean score)`, as `ensemble` combines them.

    logistic: ridge regression on the labels of the tuning problems, each problem counting alike.
    agreement: no label is looked at; verdicts (mean scores from 1/2) of all verifiers on the tuning
    problems go through `ttc.analysis.agreement.dawid_skene`.
    wanted: names of verifiers, with commas; None: all of the run that judge solutions one by one.

    Raises `UsageError` for fewer than two verifiers, and `DataError` where nothing can be learnt.
    """
    found = _judged(run, _names(run, wanted), chosen, there)
    scores, right = found.scores[found.tuning], found.right[found.tuning]
    details: dict[str, object] = {}
    try:
        if method == "logistic":
            share = _alike(found.problem[found.tuning])
            filled = np.where(np.isnan(scores), _MISSING, scores)
            weights, intercept = logistic_fit(filled, right, share)
        else:
            votes = np.where(np.isnan(scores), np.nan, (scores >= _ACCEPTS).astype(np.float64))
            judges = dawid_skene(votes)
            weights, intercept = judges.linear()
            details = {
                "prior": judges.prior,
                "sensitivity": _by(found.names, judges.sensitivity),
                "specificity": _by(found.names, judges.specificity),
            }
    except PoolError as error:
        raise DataError(f"{run.name}: {error}") from error
    positive = np.maximum(weights, 0.0)
    positive = positive if positive.any() else np.ones(len(weights))
    return Weights(
        method=method,
        weights=_by(found.names, weights),
        intercept=intercept,
        mean_weights=_by(found.names, positive / positive.sum()),
        solutions=len(right),
        auc=_aucs(found, ~found.tuning, weights),
        auc_tuning=_aucs(found, found.tuning, weights),
        details=details,
    )


def words(names: str | None) -> list[str]:
    """Names with commas between them."""
    return [word.strip() for word in (names or "").split(",") if word.strip()]


def _names(run: RunFolder, wanted: str | None) -> list[str]:
    known = all_verifiers(run)
    if wanted is None:
        names = judging_alone(run)
    else:
        names = words(wanted)
        for name in names:
            if name not in known:
                raise UsageError(f"{run.name} has no verifier {name!r}; it has {', '.join(known)}")
    if len(names) < 2:
        raise UsageError(f"{run.name} has {', '.join(names) or 'no verifiers'}: nothing to weigh")
    return names


def _judged(
    run: RunFolder, names: Sequence[str], chosen: frozenset[str], there: frozenset[str]
) -> Judged:
    """Mean scores side by side, of solutions with a valid answer."""
    frame = read_frame(run.verifications, "verifications")
    frame = frame[frame["verifier"].astype(str).isin(list(names))]
    if (frame["against"] >= 0).any():
        labels = ", ".join(sorted(set(frame[frame["against"] >= 0]["verifier"].astype(str))))
        raise UsageError(f"{labels} compares solutions and has no score of one to weigh")
    keys = ["problem_id", "solution_index"]
    frame = frame.assign(problem_id=frame["problem_id"].astype(str))
    mean = frame.groupby([*keys, frame["verifier"].astype(str)])["score"].mean().unstack("verifier")
    solved = read_frame(run.solutions, "solutions")
    solved = solved.assign(problem_id=solved["problem_id"].astype(str))
    voting = solved["answer_class"] >= 0
    if "returned" in solved:
        voting &= solved["returned"].fillna(True).astype(bool)
    table = solved[voting].set_index(keys)[["correct"]].join(mean, how="inner")
    ids = table.index.get_level_values("problem_id")
    table = table[ids.isin(list(there))]
    ids = table.index.get_level_values("problem_id")
    scores = table.reindex(columns=list(names)).to_numpy(dtype=np.float64)
    some = ~np.isnan(scores).all(axis=1)
    tuning = np.asarray(ids.isin(list(chosen)))
    if not (some & tuning).any():
        raise DataError(f"{run.name}: no verifier scored a solution of the tuning problems")
    return Judged(
        tuple(names),
        scores[some],
        table["correct"].to_numpy(dtype=np.bool_)[some],
        np.unique(np.asarray(ids), return_inverse=True)[1].ravel()[some],
        tuning[some],
    )


def _alike(problem: NDArray[np.int64]) -> FloatArray:
    """(n,) weights with which each problem counts alike, n in all."""
    count = np.bincount(problem)
    return np.asarray(len(problem) / (np.count_nonzero(count) * count[problem]))


def _by(names: Sequence[str], values: FloatArray) -> dict[str, float]:
    return dict(zip(names, values.tolist(), strict=True))


def _aucs(found: Judged, side: BoolArray, weights: FloatArray) -> dict[str, float | None]:
    """Of each verifier, of their plain mean, and of the combination (`weighted`)."""
    scores, right, problem = found.scores[side], found.right[side], found.problem[side]
    filled = np.where(np.isnan(scores), _MISSING, scores)
    columns = dict(zip(found.names, scores.T, strict=True))
    columns |= {"mean": filled.mean(axis=1), "weighted": filled @ weights}
    return {name: within_auc(column, right, problem) for name, column in columns.items()}
