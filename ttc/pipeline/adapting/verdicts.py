"""Rules that stop verdicts: a judge's pool as they are replayed on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ttc.analysis.contention import Chooses, Contention
from ttc.analysis.estimate import FloatArray, IntArray
from ttc.analysis.scores import as_decimals
from ttc.analysis.stopping import Replayed
from ttc.analysis.verdict_stopping import JudgedProblem, replay_verdicts
from ttc.budget.cost import CostConfig
from ttc.errors import DataError
from ttc.pipeline.adapting.request import VerdictRule
from ttc.pipeline.adapting.sides import seed_of
from ttc.store.pool import LoadedPool, load_pool, verifiers
from ttc.store.run_folder import RunFolder


@dataclass(frozen=True)
class VerdictSide:
    """A pool's problems, each with its solutions that have all `votes` verdicts.

    most: solutions of a problem at most.
    """

    loaded: LoadedPool
    cost: CostConfig
    how: Chooses
    seed: int
    most: int
    votes: int
    orders: int
    clusters: IntArray | None = None

    @property
    def count(self) -> int:
        return self.loaded.arrays.n_problems

    def replayed(self, rules: Sequence[VerdictRule]) -> Replayed:
        """All of them on the same orders."""
        asked = [Contention(rule.votes, rule.choose, rule.reach) for rule in rules]
        ids = self.loaded.arrays.problem_ids
        seeds = [seed_of(self.seed, name) for name in ids]
        problems = [self._problem(i) for i in range(self.count)]
        return replay_verdicts(problems, asked, self.how, self.votes, self.most, self.orders, seeds)

    def _problem(self, i: int) -> JudgedProblem:
        pool = self.loaded.arrays
        whole = np.flatnonzero(pool.verification_count[i] >= self.votes)
        once, each = (float(amounts[i]) for amounts in self._tokens())
        scores = pool.scores[i, whole, : self.votes].astype(np.float64)
        return JudgedProblem(
            pool.answer_class[i, whole], pool.correct[i, whole], as_decimals(scores), once, each
        )

    def _tokens(self) -> tuple[FloatArray, FloatArray]:
        """(problems,) each: of judging a solution at all, and of each verdict, as the run counts
        prompts.
        """
        judging, use = self.loaded.judging, self.loaded.verifications
        if "tokens" in judging.each:
            return judging.once["tokens"], judging.each["tokens"]
        if self.cost.shared_prompt == "once":
            return use.prompt_tokens, use.completion_tokens
        return np.zeros(self.count), use.prompt_tokens + use.completion_tokens


def judged_pool(run: RunFolder, verifier: str | None) -> tuple[LoadedPool, int]:
    """A run's pool with a judge's verdicts, and how many a solution has; problems without a
    solution that has as many are left out.

    Raises `DataError` where nobody judged, or somebody compared.
    """
    named = verifiers(run)
    if verifier is None and len(named) > 1:
        raise DataError(f"{run.name}: whose verdicts? --verifier {', '.join(named)}")
    loaded = load_pool(run, verifier, need_verifications=True).verified()
    pool = loaded.arrays
    if pool.pairs is not None:
        raise DataError(f"{loaded.verifier} compares solutions: its verdicts are of none by itself")
    votes = int(pool.n_verifications.max())
    if votes < 2:
        raise DataError(
            f"{loaded.verifier} judged each solution of {run.name} once, so there is nothing to "
            "stop; run it with verifications: 4, or more"
        )
    whole = np.flatnonzero((pool.verification_count >= votes).any(axis=1))
    return loaded.only({pool.problem_ids[i] for i in whole}), votes


def verdict_rules(how: Chooses, votes: int) -> list[VerdictRule]:
    """The rule whose choice is that of all verdicts, and those that may choose otherwise."""
    exact = VerdictRule(votes=votes, choose=how)
    others = [reach for reach in VerdictRule.grid["reach"] if reach != exact.reach]
    return [exact, *(exact.model_copy(update={"reach": reach}) for reach in others)]
