"""Rules that stop, replayed on one pool over random orders, beside those who know more.

A random order of a pool is a sequence of fresh draws. On the same orders stand the vote of all
solutions, each rule, and two clairvoyants, who can't be had but say how much there is to gain: one
who knows after how many solutions the vote is what it will be in the end, and one who knows of each
problem how often a vote of k solutions is right, and deals out solutions by that.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from ttc.analysis.choosing import Choose, Enough, sequences, stopped
from ttc.analysis.drawn import Drawn
from ttc.analysis.estimate import FloatArray, IntArray
from ttc.analysis.problem_view import ProblemView


@dataclass(frozen=True)
class Rule:
    """What is replayed: which answer it takes, and when it has enough, asked each `window`."""

    choose: Choose
    enough: Enough
    window: int = 1


@dataclass(frozen=True)
class Use:
    """Means over orders, of equal shapes. solutions: how many it drew; tokens: that these have,
    NaN where unknown; withheld: how often it chose none.
    """

    success: FloatArray
    solutions: FloatArray
    tokens: FloatArray
    withheld: FloatArray

    @classmethod
    def empty(cls, *shape: int) -> Use:
        return cls(*np.zeros((4, *shape)))


@dataclass(frozen=True)
class Replayed:
    """rules: (problems, rules). vote: of all solutions, (problems,); settled: of the clairvoyant
    who stops at the first solution from which on the vote stays what it is in the end. curve:
    (problems, most) success of the vote of 1, 2 ... solutions; beyond a problem's own, that of all.
    start: (problems,) success without any, which is 0 of a vote.
    """

    rules: Use
    vote: Use
    settled: Use
    curve: FloatArray
    start: FloatArray


def replay(
    views: Sequence[ProblemView],
    rules: Sequence[Rule],
    most: int,
    draws: int,
    reads: Collection[str] = (),
) -> Replayed:
    """All rules on the same `draws` orders of each problem's solutions, of `most` at most.

    Tokens are those sampled: `ProblemView.tokens` of the solutions drawn. reads: what rules look
    at, as policies declare it.
    """
    n = len(views)
    empty = Use.empty(n, len(rules)), Use.empty(n), Use.empty(n)
    found = Replayed(*empty, np.zeros((n, most)), np.zeros(n))
    for i, view in enumerate(views):
        for drawn, right in sequences(view, draws, {"tokens", *reads}):
            _add(found, i, drawn.head(most), right, rules, reads)
    drawn_of = np.array([min(draws, len(view.all_orders)) for view in views])
    return Replayed(
        rules=_mean(found.rules, drawn_of),
        vote=_mean(found.vote, drawn_of),
        settled=_mean(found.settled, drawn_of),
        curve=found.curve / drawn_of[:, None],
        start=found.start,
    )


def _add(
    found: Replayed,
    i: int,
    drawn: Drawn,
    right: frozenset[int],
    rules: Sequence[Rule],
    reads: Collection[str],
) -> None:
    tokens = np.cumsum(drawn.tokens)
    path = votes(drawn.classes)
    drawn = _only(drawn, reads)

    def note(use: Use, at: tuple[int, ...], used: int, choice: int) -> None:
        use.success[at] += choice in right
        use.solutions[at] += used
        use.tokens[at] += tokens[used - 1]
        use.withheld[at] += choice < 0

    for j, rule in enumerate(rules):
        used = stopped(drawn, rule.enough, rule.window)
        note(found.rules, (i, j), used, rule.choose(drawn.head(used)))
    note(found.vote, (i,), len(path), int(path[-1]))
    note(found.settled, (i,), settles(path), int(path[-1]))
    wins = np.isin(path, list(right))
    found.curve[i] += np.append(wins, np.full(found.curve.shape[1] - len(wins), wins[-1]))


def _only(drawn: Drawn, reads: Collection[str]) -> Drawn:
    """Without what nobody looks at: rules look at a head of it again and again."""
    more = {name: array for name, array in drawn.more.items() if name in reads}
    return Drawn(drawn.classes, drawn.scores, drawn.verifications, more)


def _mean(use: Use, draws: IntArray) -> Use:
    def over(values: FloatArray) -> FloatArray:
        return np.asarray(values / draws.reshape(-1, *(1 for _ in values.shape[1:])))

    return Use(over(use.success), over(use.solutions), over(use.tokens), over(use.withheld))


def votes(classes: IntArray) -> IntArray:
    """(N,) the plurality answer of the first 1, 2 ... solutions; -1 while there is no answer.

    Of equals the lowest number, which is who came first where classes are numbered as they come.
    """
    count = np.zeros(int(classes.max(initial=-1)) + 1, dtype=np.int64)
    path = np.empty(len(classes), dtype=np.int64)
    leader = -1
    for i, one in enumerate(classes.tolist()):
        if one >= 0:
            count[one] += 1
            ahead = leader < 0 or (count[one], -one) > (count[leader], -leader)
            leader = one if ahead else leader
        path[i] = leader
    return path


def settles(path: IntArray) -> int:
    """After how many solutions the vote is, for the first time for good, what it is in the end."""
    other = np.flatnonzero(path != path[-1])
    return int(other[-1]) + 2 if len(other) else 1


def foreseen(
    curve: FloatArray, budgets: FloatArray, weights: FloatArray | None = None
) -> FloatArray:
    """Success of who knows `curve` and deals out solutions at a mean budget: (draws, budgets).

    curve: (problems, most) success of the vote of k solutions in each problem. It takes, for each
    problem beforehand, a number of solutions, none for the hopeless, so that the mean success is
    the highest with `budgets` solutions a problem on average. Between two numbers it may throw a
    coin: the best is then to follow the concave envelopes by steepness. budgets: (budgets,) or
    (draws, budgets). weights: (draws, problems), each row summing to 1; all alike where None.
    """
    problems = len(curve)
    weights = np.full((1, problems), 1 / problems) if weights is None else weights
    parts = [_steps(row) for row in curve]
    owner = np.repeat(np.arange(problems), [len(cost) for cost, _ in parts])
    cost = np.concatenate([cost for cost, _ in parts])
    gain = np.concatenate([gain for _, gain in parts])
    order = np.argsort(-gain / cost, kind="stable")
    share = weights[:, owner[order]]
    spent = np.cumsum(share * cost[order], axis=1)
    won = np.cumsum(share * gain[order], axis=1)
    wanted = np.broadcast_to(budgets, (len(weights), np.shape(budgets)[-1]))
    rows = zip(wanted, spent, won, strict=True)
    return np.array([np.interp(b, [0.0, *s], [0.0, *w]) for b, s, w in rows])


def _steps(row: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Costs and gains of the pieces of the concave envelope of success over 0, 1 ... solutions."""
    points = [(0, 0.0)]
    for k, success in enumerate(row.tolist(), 1):
        while len(points) > 1 and _below(points[-2], points[-1], (k, success)):
            points.pop()
        points.append((k, success))
    array = np.array(points)
    steps = np.diff(array, axis=0)
    rising = steps[:, 1] > 0
    return steps[rising, 0], steps[rising, 1]


def _below(first: tuple[int, float], middle: tuple[int, float], last: tuple[int, float]) -> bool:
    """Whether the middle point is not above the line between the others."""
    rise = (last[1] - first[1]) * (middle[0] - first[0])
    return (middle[1] - first[1]) * (last[0] - first[0]) <= rise
