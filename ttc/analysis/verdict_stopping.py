"""Rules that stop verdicts, replayed on one pool over random orders, beside those who know more.

As `ttc.analysis.stopping` of solutions: on the same orders of solutions, and of the verdicts of
each, stand the choice by all verdicts, each rule, the choice by as many verdicts of every solution,
and a clairvoyant who stops where that is what it will be in the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from ttc.analysis.contention import Chooses, Contention, Said
from ttc.analysis.estimate import BoolArray, FloatArray, IntArray
from ttc.analysis.stopping import Replayed, Use, settles


@dataclass(frozen=True)
class JudgedProblem:
    """A problem's solutions that have all V verdicts.

    classes, correct: (n,) answer class, -1 for none, and label; scores: (n, V) from 0 to 1, NaN
    where one could not be read; once, each: tokens of judging a solution at all, and of each
    verdict; NaN where unknown.
    """

    classes: IntArray
    correct: BoolArray
    scores: FloatArray
    once: float
    each: float

    def order(self, rows: IntArray, rng: np.random.Generator) -> Order:
        """Solutions in an order, with the verdicts of each in one of their own."""
        scores = rng.permuted(self.scores[rows], axis=1)
        return Order.of(self.classes[rows], self.correct[rows], scores)


@dataclass(frozen=True)
class Order:
    """Solutions as they were drawn, numbered by appearance, with what their first 0, 1 ... verdicts
    say: (n, V + 1) how many could be read, and their sum.
    """

    classes: IntArray
    right: frozenset[int]
    read: IntArray
    total: FloatArray

    @classmethod
    def of(cls, classes: IntArray, correct: BoolArray, scores: FloatArray) -> Order:
        known = list(dict.fromkeys(one for one in classes.tolist() if one >= 0))
        number = {one: i for i, one in enumerate(known)} | {-1: -1}
        own = np.array([number[one] for one in classes.tolist()], dtype=np.int64)
        there = ~np.isnan(scores)
        edge = ((0, 0), (1, 0))
        read = np.pad(np.cumsum(there, axis=1), edge)
        total = np.pad(np.cumsum(np.where(there, scores, 0.0), axis=1), edge)
        return cls(own, frozenset(own[correct & (own >= 0)].tolist()), read, total)

    def said(self, asked: IntArray) -> Said:
        """What so many verdicts of each solution say."""
        rows = np.arange(len(asked))
        return Said(asked, self.read[rows, asked], self.total[rows, asked])

    def stopped(self, rule: Contention) -> tuple[int, IntArray]:
        """What a rule chooses, and how many verdicts of each solution it has asked for by then."""
        asked = np.zeros(len(self.classes), dtype=np.int64)
        while len(wanted := rule.wanted(self.classes, self.said(asked))):
            asked[wanted] += 1
        return rule.choice(self.classes, self.said(asked)), asked

    def path(self, rule: Contention) -> IntArray:
        """(V + 1,) the choice by the first 0, 1 ... verdicts of every solution."""
        n = len(self.classes)
        said = (self.said(np.full(n, v, dtype=np.int64)) for v in range(rule.votes + 1))
        return np.array([rule.choice(self.classes, one) for one in said])


def replay_verdicts(
    problems: Sequence[JudgedProblem],
    rules: Sequence[Contention],
    how: Chooses,
    votes: int,
    most: int,
    draws: int,
    seeds: Sequence[int],
) -> Replayed:
    """All rules on the same `draws` orders of each problem, of `most` solutions at most.

    `Use.solutions` counts verdicts per solution, `Use.tokens` those of all verdicts of a problem.
    curve: (problems, votes) success by 1, 2 ... verdicts of every solution; start: by none.
    """
    n, whole = len(problems), Contention(votes, how)
    empty = Use.empty(n, len(rules)), Use.empty(n), Use.empty(n)
    found = Replayed(*empty, np.zeros((n, votes)), np.zeros(n))
    for i, (problem, seed) in enumerate(zip(problems, seeds, strict=True)):
        for order in _orders(problem, most, draws, seed):
            path = order.path(whole)
            wins = np.isin(path, list(order.right)) / draws
            found.start[i] += wins[0]
            found.curve[i] += wins[1:]
            note = partial(_note, problem, order, draws)
            for j, rule in enumerate(rules):
                note(found.rules, (i, j), *order.stopped(rule))
            size = len(order.classes)
            note(found.vote, (i,), int(path[-1]), np.full(size, votes))
            note(found.settled, (i,), int(path[-1]), np.full(size, settles(path) - 1))
    return found


def _note(
    problem: JudgedProblem,
    order: Order,
    draws: int,
    use: Use,
    at: tuple[int, ...],
    choice: int,
    asked: IntArray,
) -> None:
    """Add one of so many orders. asked: verdicts of each solution."""
    use.success[at] += (choice in order.right) / draws
    use.solutions[at] += asked.mean() / draws
    use.tokens[at] += (problem.once * (asked > 0).sum() + problem.each * asked.sum()) / draws
    use.withheld[at] += (choice < 0) / draws


def _orders(problem: JudgedProblem, most: int, draws: int, seed: int) -> Iterator[Order]:
    rng = np.random.default_rng(seed)
    for _ in range(draws):
        rows = rng.permutation(len(problem.classes))[:most]
        yield problem.order(rows, rng)
