"""From a run's tables to the arrays that estimators work on; text columns are never read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ttc.analysis.errors import PoolError
from ttc.analysis.labels import split_by_label
from ttc.analysis.pool import PADDING, PoolArrays
from ttc.errors import DataError
from ttc.store._pairs import Compared
from ttc.store._samples import (
    Ints,
    Samples,
    blocks,
    find_owner,
    first_repeated,
    key,
    no_samples,
    rank_within,
    read_numbers,
    read_samples,
    refuse_empty,
)
from ttc.store.discarded import discarded
from ttc.store.judging_use import Judged, JudgingUse, judging_use
from ttc.store.mean_use import MeanUse, use_of
from ttc.store.run_folder import RunFolder
from ttc.store.tables import read_table

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LoadedPool:
    """A pool with what its samples used. `verifier` is None for a pool without verifications.

    discarded: by unit, (problems,) what the method used for each solution beside its own samples;
        empty where that is nothing.
    left_out: problems of the run that are not in the arrays, since they have no solution (the
        budget ended before their first) or, after `verified` or `only`, were not wanted.
    judging: by unit, (problems,) what the verifier used for each verification, where that is not
        one sample each; else empty.
    split: problems of the run in which labels disagree about equal answers, whose classes are split
        by label (`ttc.analysis.labels`).
    """

    arrays: PoolArrays
    verifier: str | None
    solutions: MeanUse
    verifications: MeanUse
    left_out: tuple[str, ...] = ()
    split: int = 0
    discarded: Mapping[str, Floats] = field(default_factory=dict)
    judging: JudgingUse = field(default_factory=JudgingUse)

    def verified(self) -> LoadedPool:
        """The problems with at least one verified solution; the others are left out.

        Raises `DataError` where there is none.
        """
        carriers = self.arrays.n_verified > 0
        if not carriers.any():
            raise DataError("no solution is verified; this needs verifications")
        return self._take(carriers)

    def only(self, problems: Collection[str]) -> LoadedPool:
        """Some of the problems; the others are left out."""
        return self._take(np.array([name in problems for name in self.arrays.problem_ids]))

    def alone(self, problem: int) -> LoadedPool:
        """One of the problems, by its place; `left_out` stays what it is."""
        row = slice(problem, problem + 1)
        return replace(
            self,
            arrays=_take_arrays(self.arrays, row),
            solutions=self.solutions.take(row),
            verifications=self.verifications.take(row),
            discarded={unit: amounts[row] for unit, amounts in self.discarded.items()},
            judging=self.judging.take(row),
        )

    def _take(self, rows: NDArray[np.bool_]) -> LoadedPool:
        if rows.all():
            return self
        ids = self.arrays.problem_ids
        return LoadedPool(
            arrays=_take_arrays(self.arrays, rows),
            verifier=self.verifier,
            solutions=self.solutions.take(rows),
            verifications=self.verifications.take(rows),
            left_out=(*self.left_out, *(ids[i] for i in np.flatnonzero(~rows))),
            split=self.split,
            discarded={unit: amounts[rows] for unit, amounts in self.discarded.items()},
            judging=self.judging.take(rows),
        )


def verifiers(run: RunFolder) -> list[str]:
    """Names of the verifiers that judged a run's solutions, in order of appearance.

    Not of those that a sampler asked about some solutions of its choice, which are no pool.
    """
    return _of_recipe(run, _labels)


def all_verifiers(run: RunFolder) -> list[str]:
    """The same with those that others hold, such as the parts of an ensemble."""
    return _of_recipe(run, lambda parts: _labels(parts) | _labels_inside(parts))


def judging_alone(run: RunFolder) -> list[str]:
    """Verifiers that judge by themselves: without those that combine what others say."""
    return _of_recipe(
        run,
        lambda parts: {
            label for one in parts for label in (_labels_inside([one]) or _labels([one]))
        },
    )


def _of_recipe(run: RunFolder, wanted: Callable[[list[Any]], set[str]]) -> list[str]:
    named = _named(run)
    chosen = run.manifest().recipe.get("verifiers") if named and run.exists() else None
    if not isinstance(chosen, list):  # samples of others have no recipe of ours
        return named
    labels = wanted(chosen)
    return [name for name in named if name in labels]


def _labels(parts: Sequence[Mapping[str, Any]]) -> set[str]:
    return {str(one.get("name") or one.get("type")) for one in parts}


def _labels_inside(parts: Sequence[Mapping[str, Any]]) -> set[str]:
    """Of the verifiers that these hold, at any depth."""
    held = [one.get(key) for one in parts for key in ("verifier", "verifiers")]
    inner = [part for one in held for part in (one if isinstance(one, list) else [one]) if part]
    return _labels(inner) | _labels_inside(inner) if inner else set()


def _named(run: RunFolder) -> list[str]:
    if not run.verifications.is_file():
        return []
    column = read_table(run.verifications, "verifications", ["verifier"]).column("verifier")
    names = [name for chunk in column.chunks for name in chunk.unique().to_pylist()]
    return [str(name) for name in dict.fromkeys(names)]


def load_pool(
    run: RunFolder,
    verifier: str | None = None,
    *,
    need_verifications: bool = False,
    reads: Collection[str] = (),
) -> LoadedPool:
    """The pool of a run with one verifier's verifications: the named or the only one.

    reads: what policies look at beside classes and scores (tokens, confidence, steps, raw), which
    is loaded for them. Of a verifier that compares solutions, pairs are there without being asked.

    A solution that a method said on its way and did not return is no part of the pool, nor is a
    judgement of one. Within a problem, verified solutions come first and otherwise the order of the
    tables is kept; gaps in the numbering of solutions and verifications are closed. Reads numeric
    columns and problem ids only. A problem without solutions (the budget ended before its first) is
    left out of the arrays and named in `left_out`: nothing was drawn, so nothing can be estimated
    of it.
    Raises `DataError` for missing, lost or broken tables and columns, a run without problems or
    solutions, a solution or verification that is there twice, a verification of a
    solution that is not there, several verifiers where none is named, and, when
    `need_verifications`, a run without any.
    """
    ids, promised, judged_promised = _problems(run)
    place = {name: i for i, name in enumerate(ids)}
    stored = _solutions(run, place, "confidence" in reads)
    solved = stored.take(stored["returned"])
    if len(solved) == 0:
        raise DataError(f"{run.name} has no solutions")
    present = _present(run, solved, ids, promised)
    chosen = _choose(run, verifier)
    if judged_promised and not _named(run):
        raise DataError(
            f"{run.name} lost its verifications: its problems table says there are "
            f"{judged_promised}, but there are none in {run.verifications}"
        )
    if chosen is None and need_verifications:
        raise DataError(f"{run.name} has no verifications; this needs a run with a verifier")
    judged, owner, other = _verifications(run, chosen, place, stored, reads)
    unverified = np.ones(len(solved), dtype=np.bool_)
    unverified[owner] = False
    unverified[other] = False
    column = rank_within(solved.row, unverified, solved["solution_index"])
    shape = (len(ids), int(column.max()) + 1)
    classes = np.full(shape, PADDING, dtype=np.int32)
    classes[solved.row, column] = solved["answer_class"]
    correct = np.zeros(shape, dtype=np.bool_)
    correct[solved.row, column] = solved["correct"]
    pure, split = split_by_label(classes, correct)
    if len(other):
        compared = Compared.of(judged, owner, other, column)
        scores, counts, pairs = compared.arrays(len(ids))
        more = {"pairs": pairs}
    else:
        scores, counts = _scores(judged, owner, column[owner], len(ids))
        more = _of_verifications(reads, column, judged, owner, scores.shape)
    measured = _measured(run, solved)
    more |= _of_solutions(reads, solved, measured, column, shape)
    use = use_of(solved, len(ids), measured).take(present)
    judged_use = use_of(judged, len(ids), _measured(run, judged)).take(present)
    try:
        arrays = PoolArrays(
            answer_class=pure[present],
            correct=correct[present],
            scores=scores if present.all() else scores[present],
            verification_count=counts[present],
            solution_tokens=use.completion_tokens,
            verification_tokens=judged_use.completion_tokens,
            problem_ids=tuple(ids[i] for i in np.flatnonzero(present)),
            **{name: values[present] for name, values in more.items()},
        )
    except PoolError as error:
        raise DataError(f"{run.path}: {error}") from error
    return LoadedPool(
        arrays=arrays,
        verifier=chosen,
        solutions=use,
        verifications=judged_use,
        left_out=tuple(ids[i] for i in np.flatnonzero(~present)),
        split=split,
        discarded={
            unit: amounts[present] / arrays.n_solutions
            for unit, amounts in discarded(
                run, place, all_returned=len(solved) == len(stored)
            ).items()
        },
        judging=_judging(run, place, chosen, judged, owner).take(present),
    )


def load_any(run: RunFolder, *, reads: Collection[str] = ()) -> LoadedPool:
    """As `load_pool`, for those who look at solutions alone: with the first verifier's verdicts, if
    there are any, whoever else judged.
    """
    return load_pool(run, next(iter(verifiers(run)), None), reads=reads)


def _judging(
    run: RunFolder, place: Mapping[str, int], verifier: str | None, judged: Samples, owner: Ints
) -> JudgingUse:
    if verifier is None:
        return JudgingUse()
    n = len(place)
    _, first = np.unique(owner, return_index=True)
    completions, prompts = (
        np.bincount(judged.row, judged[name], minlength=n).astype(np.int64)
        for name in ("completion_tokens", "prompt_tokens")
    )
    return judging_use(
        run,
        place,
        verifier,
        Judged(
            verifications=np.bincount(judged.row, minlength=n),
            solutions=np.bincount(judged.row[first], minlength=n),
            completions=completions,
            prompts=prompts,
        ),
    )


def require_same_dataset(runs: Sequence[RunFolder]) -> None:
    """Raise `DataError` unless all runs have the same problems, so that they can be compared."""
    first, *others = runs
    known = {str(name) for name in _problems(first)[0]}
    for run in others:
        found = {str(name) for name in _problems(run)[0]}
        same = run.manifest().dataset == first.manifest().dataset
        if found != known or not same:
            raise DataError(
                f"{first.name} and {run.name} are of different datasets: "
                f"they share {len(known & found)} of {len(known | found)} problems"
                + ("" if found != known else " by name, but their questions or answers differ")
            )


def _problems(run: RunFolder) -> tuple[list[str], Ints, int]:
    """Problem ids in the run's order, and what the table promises: how many solutions of each, and
    how many verifications in all.
    """
    columns = ["problem_id", "problem_index", "n_solutions", "n_verifications"]
    table = read_table(run.problems, "problems", columns)
    if table.num_rows == 0:
        raise DataError(f"{run.name} has no problems")
    refuse_empty(run.problems, table, "problem_id")
    numbers = read_numbers(run.problems, "problems", table, columns[1:])
    index, count, judged = numbers.values()
    order = np.argsort(index, kind="stable")
    names = table.column("problem_id").to_pylist()
    ids = [str(names[int(i)]) for i in order]
    if len(set(ids)) < len(ids):
        raise DataError(f"{run.problems} has a problem twice")
    solutions = count[order].astype(np.int64)
    return ids, solutions, int(judged.sum())


def _present(run: RunFolder, solved: Samples, ids: list[str], promised: Ints) -> NDArray[np.bool_]:
    """(problems,) whether a problem has solutions. Raises where it lost those it should have."""
    found: NDArray[np.bool_] = np.bincount(solved.row, minlength=len(ids)) > 0
    lost = ~found & (promised > 0)
    if lost.any():
        i = int(np.argmax(lost))
        raise DataError(
            f"problem {ids[i]!r} has no solutions in {run.solutions}, but the problems table says "
            f"it has {promised[i]}; the tables don't belong together"
        )
    return found


def _take_arrays(pool: PoolArrays, rows: NDArray[np.bool_] | slice) -> PoolArrays:
    if isinstance(rows, slice):
        ids = pool.problem_ids[rows]
    else:
        ids = tuple(pool.problem_ids[i] for i in np.flatnonzero(rows))
    known = {f.name: getattr(pool, f.name) for f in fields(pool) if f.name != "problem_ids"}
    by_problem = {name: values[rows] for name, values in known.items() if values is not None}
    return replace(pool, problem_ids=ids, **by_problem)


def _choose(run: RunFolder, wanted: str | None) -> str | None:
    known = verifiers(run)
    if wanted is not None and wanted not in (*known, *all_verifiers(run)):
        raise DataError(
            f"{run.name} has no verifier {wanted!r}; it has {', '.join(known) or 'none'}"
        )
    if wanted is None and len(known) > 1:
        raise DataError(f"{run.name} has several verifiers, name one: {', '.join(known)}")
    return wanted or (known[0] if known else None)


def _solutions(run: RunFolder, place: dict[str, int], confident: bool) -> Samples:
    """All that are stored; `returned` tells those of the pool."""
    columns = ("solution_index", "answer_class", "correct", "returned")
    more = ("mean_logprob",) if confident else ()
    solved = read_samples(run.solutions, "solutions", place, (*columns, *more))
    if len(solved) == 0:
        raise DataError(f"{run.name} has no solutions")
    twice = first_repeated(key(solved.row, solved["solution_index"]))
    if twice >= 0:
        raise DataError(f"{run.solutions} has {_solution(solved, twice, place)} twice")
    return solved


def _verifications(
    run: RunFolder,
    verifier: str | None,
    place: dict[str, int],
    stored: Samples,
    reads: Collection[str],
) -> tuple[Samples, Ints, Ints]:
    """The verifier's samples of returned solutions, and for each its solution's place among these.

    Of a verifier that compares, the other solution's, too; else that is empty. stored: all
    solutions of the run.
    """
    nobody = np.zeros(0, dtype=np.int64)
    if verifier is None:
        return no_samples(), nobody, nobody
    columns = ("solution_index", "verification_index", "score", "against")
    more = tuple(
        name for name, of in (("step_scores", "steps"), ("raw_score", "raw")) if of in reads
    )
    judged = read_samples(run.verifications, "verifications", place, (*columns, *more), verifier)
    owner, lost = find_owner(
        key(judged.row, judged["solution_index"]), key(stored.row, stored["solution_index"])
    )
    if lost >= 0:
        raise DataError(
            f"{run.verifications} judges {_solution(judged, lost, place)}, which is not among "
            "the solutions"
        )
    twice = first_repeated(key(owner, judged["verification_index"]))
    if twice >= 0:
        raise DataError(
            f"{run.verifications} has verification {judged['verification_index'][twice]} of "
            f"{_solution(judged, twice, place)} twice"
        )
    voting = stored["returned"]
    number = np.cumsum(voting, dtype=np.int32) - 1
    counts = voting[owner]
    compares = judged["against"] >= 0
    if not compares.any():
        return judged.take(counts), number[owner[counts]], nobody
    if not compares.all():
        raise DataError(f"{run.verifications} has scores and comparisons of one name: {verifier}")
    other, lost = find_owner(
        key(judged.row, judged["against"]), key(stored.row, stored["solution_index"])
    )
    if lost >= 0:
        raise DataError(f"{run.verifications} compares with a solution that is not there")
    counts = counts & voting[other]
    return judged.take(counts), number[owner[counts]], number[other[counts]]


def _solution(samples: Samples, entry: int, place: dict[str, int]) -> str:
    problem = list(place)[int(samples.row[entry])]
    return f"solution {samples['solution_index'][entry]} of problem {problem!r}"


def _scores(
    judged: Samples, owner: Ints, column: Ints, problems: int
) -> tuple[Floats, NDArray[np.int32]]:
    """(problems, verified, M) scores, NaN where invalid or absent, and how many exist.

    owner: place of each verification's solution; column: that solution's column in the pool.
    """
    if len(owner) == 0:
        return np.zeros((problems, 0, 0)), np.zeros((problems, 0), np.int32)
    depth = rank_within(owner, judged["verification_index"])
    shape = (problems, int(column.max()) + 1)
    scores = np.full((*shape, int(depth.max()) + 1), np.nan)
    counts = np.zeros(shape, dtype=np.int32)
    for part in blocks(len(owner)):
        cell = judged.row[part], column[part]
        scores[(*cell, depth[part])] = judged["score"][part]
        np.add.at(counts, cell, 1)
    return scores, counts


def _measured(run: RunFolder, samples: Samples) -> NDArray[np.bool_] | None:
    """(samples,) which have a length, where others have none; None where all are alike.

    An import writes 0 for an unknown one: of an answer without its text.
    """
    known: NDArray[np.bool_] = samples["completion_tokens"] > 0
    if known.all() or not known.any():
        return None
    return known if run.exists() and run.manifest().status == "imported" else None


def _of_solutions(
    reads: Collection[str],
    solved: Samples,
    measured: NDArray[np.bool_] | None,
    column: Ints,
    shape: tuple[int, int],
) -> dict[str, NDArray[Any]]:
    """What policies read of solutions beside classes, as `PoolArrays` has it.

    column: place of each solution in its problem; shape: (problems, most solutions).
    """
    found = {}
    for name, source in (("tokens", "completion_tokens"), ("confidence", "mean_logprob")):
        if name in reads:
            found[name] = np.full(shape, np.nan)
            found[name][solved.row, column] = solved[source]
    if "tokens" in found and measured is not None:
        found["tokens"][solved.row[~measured], column[~measured]] = np.nan
    return found


def _of_verifications(
    reads: Collection[str], column: Ints, judged: Samples, owner: Ints, shape: tuple[int, ...]
) -> dict[str, NDArray[Any]]:
    """What policies read of verifications beside scores. shape: of scores."""
    found: dict[str, NDArray[Any]] = {}
    if not len(owner):
        return found
    cell = judged.row, column[owner], rank_within(owner, judged["verification_index"])
    if "raw" in reads:
        found["raw"] = np.full(shape, np.nan)
        found["raw"][cell] = judged["raw_score"]
    if "steps" in reads:
        steps = judged["step_scores"]
        found["steps"] = np.full((*shape, steps.shape[1]), np.nan)
        found["steps"][cell] = steps
    return found
