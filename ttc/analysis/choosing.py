"""Success of any rule of choice, and of rules that stop, by Monte Carlo over random draws.

What a policy gets that has no estimator of its own. A rule is called some hundred times for each
problem and cell (`EstimatorSettings.choices`), on the random orders that all policies share, with
majority vote as a control variate.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ttc.analysis.control import controlled
from ttc.analysis.drawn import Drawn
from ttc.analysis.estimate import Estimate, IntArray, Method
from ttc.analysis.problem_view import ProblemView
from ttc.analysis.scores import first_mean

Choose = Callable[[Drawn], int]
Enough = Callable[[Drawn], bool]
_LOOKS = 65_536  # looks of a stopping rule at one problem, about, where it goes as far as
_FAR = 1_024  # so many solutions
_ALONE = 2_048  # most solutions of which each is asked about alone


def by_choice(
    view: ProblemView,
    solutions: Sequence[int],
    verifications: Sequence[int],
    reads: Collection[str],
    choose: Choose,
) -> Estimate:
    """Success of the answer class that `choose` picks of S solutions: (len(S), len(V)).

    S solutions are a random subset, each with a random subset of V verifications, as the settings
    say; V = 0 draws from all solutions, without scores. reads: which arrays `choose` looks at (see
    `Drawn`). Ties: classes are numbered anew, at random, in each draw, and solutions come in random
    order, so that whatever `choose` takes of equals, equals share. S = 1 is exact where scores are
    not random.
    """
    shape = (len(solutions), len(verifications))
    out = Estimate.unavailable(shape).with_abstentions()
    assert out.abstained is not None
    for j, v in enumerate(verifications):
        if "pairs" in reads and v < view.depth:  # what some comparisons of a pair say, nobody asks
            continue
        inside = [(i, s) for i, s in enumerate(solutions) if _there(view, s, v)]
        if not inside:
            continue
        rows = _rows(view, view.settings.choices, v)
        numbers = _numberings(view, len(rows))
        wins, none = np.empty((2, len(rows), len(inside)))
        for d, (drawn, right) in enumerate(_draws(view, rows, v, reads, numbers)):
            choices = [choose(drawn.head(s)) for _, s in inside]
            wins[d] = [one in right for one in choices]
            none[d] = [one < 0 for one in choices]
        out.abstained[[i for i, _ in inside], j] = none.mean(axis=0)
        lone = _alone(view, v, reads, choose) if any(s == 1 for _, s in inside) else None
        for (i, s), column in zip(inside, wins.T, strict=True):
            _fill(out, (i, j), lone if s == 1 else None, controlled(column, view, rows, s))
    return out


def by_stopping(
    view: ProblemView,
    most: Sequence[int],
    verifications: Sequence[int],
    reads: Collection[str],
    choose: Choose,
    enough: Enough,
    window: int,
) -> Estimate:
    """Success and use of a rule that draws until it has `enough`, at most S: (len(most), len(V)).

    A random order of the pool is a sequence of fresh draws, so this is what the rule does live:
    after each `window` solutions it looks at all so far. Classes are numbered by appearance, as
    they are live. `used_s` is the mean number of solutions used, `paths` (..., choices) that of
    each order.
    """
    shape = (len(most), len(verifications))
    out = Estimate.unavailable(shape).with_use(np.full(shape, np.nan), view.settings.choices)
    assert out.used_s is not None
    assert out.paths is not None
    for j, v in enumerate(verifications):
        inside = [(i, s) for i, s in enumerate(most) if _there(view, s, v)]
        if not inside:
            continue
        rows = _rows(view, _fewer(view, v, window), v)
        largest = max(s for _, s in inside)
        wins, used = np.empty((2, len(rows), len(inside)))
        for d, (drawn, right) in enumerate(_draws(view, rows, v, reads, None)):
            end = stopped(drawn.head(largest), enough, window)
            chosen: dict[int, int] = {}
            for k, (_, s) in enumerate(inside):
                used[d, k] = n = min(s, end)
                if n not in chosen:
                    chosen[n] = choose(drawn.head(n))
                wins[d, k] = chosen[n] in right
        lone = _alone(view, v, reads, choose) if any(s == 1 for _, s in inside) else None
        for k, (i, s) in enumerate(inside):
            exact = lone if s == 1 else None
            _fill(out, (i, j), exact, controlled(wins[:, k], view, rows, s))
            out.used_s[i, j] = used[:, k].mean()
            out.paths[i, j] = np.resize(used[:, k], out.paths.shape[-1])
    return out


def stopped(drawn: Drawn, enough: Enough, window: int) -> int:
    """How many solutions a rule uses of those that come in this order: all where it never stops."""
    for n in range(window, len(drawn) + 1, window):
        if enough(drawn.head(n)):
            return n
    return len(drawn)


def sequences(
    view: ProblemView, draws: int, reads: Collection[str]
) -> Iterator[tuple[Drawn, frozenset[int]]]:
    """Random orders of a problem's solutions, as a rule would see them come, and right classes.

    The same orders for all who ask; no more of them than the settings' `draws`.
    """
    return _draws(view, view.all_orders[:draws], 0, reads, None)


def _there(view: ProblemView, s: int, v: int) -> bool:
    return s <= _width(view, v) and v <= view.depth


def _width(view: ProblemView, v: int) -> int:
    return view.n_verified if v else len(view.answer_class)


def _fewer(view: ProblemView, v: int, window: int) -> int:
    """Orders of a large pool: as many as the looks allow, halved again and again."""
    draws = view.settings.choices
    while draws > 16 and draws * min(_width(view, v), _FAR) > _LOOKS * window:
        draws //= 2
    return draws


def _rows(view: ProblemView, draws: int, v: int) -> NDArray[np.int64]:
    orders = view.orders if v else view.all_orders
    return orders[:draws]


def _fill(
    out: Estimate, cell: tuple[int, int], exact: float | None, drawn: tuple[float, float]
) -> None:
    if exact is not None:
        out.set(cell, exact, 0.0, Method.EXACT)
    else:
        out.set(cell, *drawn, Method.MONTE_CARLO)


def _numberings(view: ProblemView, draws: int) -> NDArray[np.int64]:
    """(draws, classes) random numbers of the answer classes."""
    count = int(view.answer_class.max(initial=-1)) + 1
    rows = np.tile(np.arange(count), (draws, 1))
    return view.generator(4).permuted(rows, axis=1)


def _by_appearance(classes: IntArray) -> NDArray[np.int64]:
    """(classes,) the numbers that classes get where they are numbered as they come."""
    known, first = np.unique(classes[classes >= 0], return_index=True)
    numbers = np.full(int(known.max(initial=-1)) + 1, -1)
    numbers[known[np.argsort(first)]] = np.arange(len(known))
    return numbers


def _draws(
    view: ProblemView,
    rows: NDArray[np.int64],
    v: int,
    reads: Collection[str],
    numberings: NDArray[np.int64] | None,
) -> Iterator[tuple[Drawn, frozenset[int]]]:
    """For each random order all solutions in it with their V verifications, and right classes.

    numberings: (draws, classes) new numbers of the classes, None for those by appearance.
    """
    for d, (row, whole) in enumerate(zip(rows, _scored(view, len(rows), v, reads), strict=True)):
        drawn = whole.take(row)
        numbers = _by_appearance(drawn.classes) if numberings is None else numberings[d]
        classes = np.where(drawn.classes >= 0, np.append(numbers, -1)[drawn.classes], -1)
        right = frozenset(classes[view.correct[row]].tolist())
        yield Drawn(classes, drawn.scores, drawn.verifications, drawn.more), right


def _scored(view: ProblemView, draws: int, v: int, reads: Collection[str]) -> Iterator[Drawn]:
    """Draw by draw, all solutions that V verifications can be drawn of, in the pool's order."""
    n = _width(view, v)
    more = {
        name: known[:n]
        for name, known in (("tokens", view.tokens), ("confidence", view.confidence))
        if name in reads and known is not None
    }
    classes = view.answer_class[:n]
    if not v:
        unscored = Drawn(classes, np.full(n, np.nan), np.zeros(n, dtype=np.int64), more)
        yield from (unscored for _ in range(draws))
        return
    counts = np.minimum(view.counts, v)
    if "pairs" in reads and view.pairs is not None:
        more["pairs"] = view.pairs
    if not {"values", "steps", "raw"} & set(reads):
        scores = view.score_draws(v)
        for d in range(draws):
            yield Drawn(classes, scores[min(d, len(scores) - 1)], counts, more)
        return
    rng = view.generator(5)  # the same for every V: the subsets are nested
    for _ in range(draws):
        picked = _verdicts(view, v, rng)
        values = np.take_along_axis(view.values, picked, axis=1)
        own = more | {"values": values}
        if view.raw is not None:
            own["raw"] = np.take_along_axis(view.raw, picked, axis=1)
        if view.steps is not None:
            own["steps"] = np.take_along_axis(view.steps, picked[:, :, None], axis=1)
        yield Drawn(classes, np.where(view.answered, first_mean(values, v), 0.0), counts, own)


def _verdicts(view: ProblemView, v: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """(n, v) which verifications are drawn of each solution; padding comes last."""
    there = np.arange(view.values.shape[1]) < view.counts[:, None]
    if view.settings.verification_draws == "first":
        return np.tile(np.arange(v), (len(there), 1))
    return np.argsort(np.where(there, rng.random(there.shape), 2.0), axis=1)[:, :v]


def _alone(view: ProblemView, v: int, reads: Collection[str], choose: Choose) -> float | None:
    """Exact success of one solution; None where its scores are random, or solutions too many."""
    if _width(view, v) > _ALONE or (v and view.fixed_scores(v) is None):
        return None
    whole = next(_scored(view, 1, v, reads))
    right = frozenset(view.right_classes.tolist())
    lone = (choose(whole.take(slice(i, i + 1))) for i in range(len(whole)))
    return float(np.mean([one in right for one in lone]))
