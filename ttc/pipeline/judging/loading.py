"""From a run's tables to one verifier's judgements, a row for each solution that it judged."""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ttc.analysis.estimate import BoolArray, FloatArray, IntArray
from ttc.analysis.judging.decisions import (
    NONE_WRONG,
    UNKNOWN,
    UNNAMED,
    first_wrong_by_scores,
    first_wrong_by_vote,
)
from ttc.analysis.pool import PoolArrays
from ttc.analysis.scores import fill_invalid, first_mean
from ttc.analysis.settings import InvalidVerdict
from ttc.errors import DataError
from ttc.pipeline.evaluate import Evaluation
from ttc.pipeline.judging.gold_steps import gold_steps
from ttc.pipeline.tuning.held_out import held_out
from ttc.store.pool import LoadedPool, load_pool
from ttc.store.run_folder import RunFolder
from ttc.store.tables import read_table

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)
_APART = 0.1  # share of solutions that a judge may cut differently: its own fault, then


@dataclass(frozen=True)
class Judged:
    """A verifier's judgements of n solutions of a run.

    loaded: the pool of the problems with such solutions; problem, column: (n,) places in its
    arrays; number: (n,) of each solution in the run. correct, answer_class: (n,) of each solution;
    tokens: (n,) its length, NaN where unknown. values: (n, M) scores, invalid ones treated by the
    rule; counts: (n,) how many there are, readable: (n, M) which could be read. gold, found: (n,)
    the first wrong step by labels and by the verifier, `UNKNOWN` where nobody says; None where it
    names none of any.
    """

    verifier: str
    loaded: LoadedPool
    problem: IntArray
    column: IntArray
    number: IntArray
    correct: BoolArray
    answer_class: IntArray
    tokens: FloatArray
    values: FloatArray
    counts: IntArray
    readable: BoolArray
    gold: IntArray | None
    found: IntArray | None

    @property
    def problem_ids(self) -> tuple[str, ...]:
        return self.loaded.arrays.problem_ids

    @property
    def compares(self) -> bool:
        """Whether it compares solutions: then a score is the mean share that one won."""
        return self.loaded.arrays.pairs is not None

    @cached_property
    def score(self) -> FloatArray:
        """(n,) as policies take it: the mean of all readable verdicts, 0 without any."""
        return first_mean(self.values, self.values.shape[1])

    @cached_property
    def told(self) -> BoolArray:
        """(n,) whether any verdict could be read."""
        return np.asarray(self.readable.any(axis=1))

    @cached_property
    def frequency(self) -> FloatArray:
        """(n,) share of the problem's other solutions with the same answer; NaN without any other,
        or without an answer.
        """
        classes = self.loaded.arrays.answer_class
        same = (classes[self.problem] == self.answer_class[:, None]).sum(axis=1) - 1
        others = self.loaded.arrays.n_solutions[self.problem] - 1
        known = (self.answer_class >= 0) & (others > 0)
        return np.where(known, same / np.maximum(others, 1), np.nan)

    @cached_property
    def solve_rate(self) -> FloatArray:
        """(n,) share of the problem's solutions that are right."""
        pool = self.loaded.arrays
        return np.asarray((pool.correct.sum(axis=1) / pool.n_solutions)[self.problem])

    def by_problem(self) -> tuple[FloatArray, IntArray]:
        """(problems, verified) scores with NaN padding, and answer classes.

        A solution without a valid answer scores 0 there, as policies have it.
        """
        pool = self.loaded.arrays
        classes = pool.answer_class[:, : pool.scores.shape[1]]
        score = np.full(classes.shape, np.nan)
        score[self.problem, self.column] = np.where(self.answer_class >= 0, self.score, 0.0)
        return score, classes


def load_judged(run: RunFolder, verifier: str, invalid: InvalidVerdict) -> Judged:
    """A verifier's judgements, without those of problems that something in the run was tuned on.

    Raises `DataError` as `load_pool` does, where there are none, and where problems that were tuned
    on are not to be left out.
    """
    loaded = load_pool(run, verifier, need_verifications=True, reads=("tokens", "steps")).verified()
    wanted = Evaluation.of_manifest(run.manifest())
    held = held_out(run, wanted.tuned, wanted.tuning_problems)
    loaded = loaded.only(set(loaded.arrays.problem_ids) - held.left_out)
    if not loaded.arrays.n_problems:
        raise DataError(f"{run.name} has no judgements of problems that it was not tuned on")
    pool = loaded.arrays
    row, column = np.nonzero(pool.verification_count > 0)
    counts, scores = pool.verification_count[row, column], pool.scores[row, column]
    if pool.pairs is not None:  # the mean share is there as often as there were comparisons
        counts, scores = np.minimum(counts, 1), scores[:, :1]
    assert pool.tokens is not None
    said = _said(run, verifier)
    number = _numbers(run, said, pool)
    found = _found(said, pool, row, column, number)
    gold = None
    if found is not None:
        gold, sizes = _gold(run, pool, row, number)
        if pool.steps is not None and not _cut_alike(pool.steps[row, column], found, sizes):
            log.warning(
                "%s: %s cuts solutions into other steps than the labels do, so that what it says "
                "of the first wrong one is not compared; see its setting `steps`",
                run.name,
                verifier,
            )
            found = gold = None
    return Judged(
        verifier=verifier,
        loaded=loaded,
        problem=row,
        column=column,
        number=number,
        correct=pool.correct[row, column],
        answer_class=pool.answer_class[row, column],
        tokens=pool.tokens[row, column],
        values=fill_invalid(scores, counts, invalid),
        counts=counts,
        readable=~np.isnan(scores),
        found=found,
        gold=gold,
    )


def _said(run: RunFolder, verifier: str) -> pd.DataFrame:
    """What the verifier said, without scores and texts."""
    import pyarrow.compute as pc

    columns = ["problem_id", "solution_index", "verifier", "verdict", "first_wrong_step", "against"]
    table = read_table(run.verifications, "verifications", columns)
    own = table.filter(pc.equal(table.column("verifier").cast("string"), verifier))
    frame: pd.DataFrame = own.to_pandas()
    return frame


def _numbers(run: RunFolder, said: pd.DataFrame, pool: PoolArrays) -> IntArray:
    """(n,) number of each judged solution, by problem and number, as the pool has them."""
    import pandas as pd

    key = ["problem_id", "solution_index"]
    said = said.astype({"problem_id": str, "solution_index": int})
    solved = read_table(run.solutions, "solutions", [*key, "returned"]).to_pandas()
    kept = solved[solved["returned"] != False][key]  # noqa: E712  (null counts as true)
    kept = kept.astype({"problem_id": str, "solution_index": int})
    judged = said[[*key, "against"]].merge(kept, on=key)[[*key, "against"]].drop_duplicates()
    compared = judged["against"].notna()
    others = judged[compared].merge(kept.set_axis(["problem_id", "against"], axis=1))
    some = pd.concat(
        [
            judged[~compared][key],
            others[key],
            others[["problem_id", "against"]].astype({"against": int}).set_axis(key, axis=1),
        ]
    ).drop_duplicates()
    place = {name: i for i, name in enumerate(pool.problem_ids)}
    some = some.assign(row=some["problem_id"].map(place)).dropna(subset=["row"])
    return some.sort_values(["row", "solution_index"])["solution_index"].to_numpy(dtype=np.int64)


def _found(
    said: pd.DataFrame, pool: PoolArrays, row: IntArray, column: IntArray, number: IntArray
) -> IntArray | None:
    """(n,) the first wrong step by the verifier; None where it never says one."""
    if pool.steps is not None and (~np.isnan(pool.steps)).any():
        return first_wrong_by_scores(pool.steps[row, column])
    if said["first_wrong_step"].isna().all():
        return None
    where = _places(pool, row, number)
    named = np.full((len(row), int(pool.verification_count.max())), UNKNOWN, dtype=np.int64)
    used: defaultdict[int, int] = defaultdict(int)
    columns = (said[name] for name in _SAID)
    for name, index, verdict, step in zip(*columns, strict=True):
        i = where.get((str(name), int(index)))
        if i is not None:
            known = not (step is None or np.isnan(step))
            named[i, used[i]] = int(step) if known else _UNSAID.get(verdict, UNKNOWN)
            used[i] += 1
    return first_wrong_by_vote(named)


_SAID = ("problem_id", "solution_index", "verdict", "first_wrong_step")
_UNSAID = {True: NONE_WRONG, False: UNNAMED}
"""What a verdict without a step says of the first wrong one."""


def _gold(
    run: RunFolder, pool: PoolArrays, row: IntArray, number: IntArray
) -> tuple[IntArray, IntArray]:
    """(n,) the first wrong step by labels, and how many steps there are by these, or `UNKNOWN`."""
    where = _places(pool, row, number)
    gold = np.full(len(row), UNKNOWN, dtype=np.int64)
    sizes = gold.copy()
    for key, one in gold_steps(run).items():
        if key in where:
            gold[where[key]] = one.first_wrong
            sizes[where[key]] = UNKNOWN if one.steps is None else one.steps
    return gold, sizes


def _cut_alike(step_scores: FloatArray, found: IntArray, sizes: IntArray) -> bool:
    """Whether a verifier's steps are those of the labels, in nine of ten solutions that can show
    it: a verifier may stop at a wrong step, but where it finds none it has seen all.

    step_scores: (n, M, L), NaN where there is none; found: (n,) the first wrong step by it; sizes:
    (n,) steps by the labels.
    """
    own = (~np.isnan(step_scores)).sum(axis=2).max(axis=1)
    known = (sizes != UNKNOWN) & (own > 0)
    other = known & ((own > sizes) | ((found == NONE_WRONG) & (own != sizes)))
    shows = known & ((found == NONE_WRONG) | other)
    return bool(other.sum() <= _APART * shows.sum())


def _places(pool: PoolArrays, row: IntArray, number: IntArray) -> dict[tuple[str, int], int]:
    names = pool.problem_ids
    pairs = zip(row.tolist(), number.tolist(), strict=True)
    return {(names[r], index): i for i, (r, index) in enumerate(pairs)}
