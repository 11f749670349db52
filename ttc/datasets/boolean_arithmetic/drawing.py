"""Random identities: true ones by construction, false ones by one change; both are then decided.

A linear identity is made backwards: any sum of bitwise expressions has as many truth columns as the
variables have corners; another such sum is drawn, and what is lacking is added as multiples of
conjunctions, of which every column is a whole-numbered sum (Möbius inversion over subsets).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations, permutations
from operator import and_

from ttc.datasets.boolean_arithmetic.deciding import Decision, corners, decide
from ttc.datasets.boolean_arithmetic.expression import (
    Expression,
    Op,
    constant,
    evaluate,
    renamed,
    variable,
)
from ttc.datasets.boolean_arithmetic.writing import written

NAMES = ("x", "y", "z", "t")
_PATIENCE = 300  # draws without a new identity, after which a level is held to be used up


@dataclass(frozen=True, slots=True)
class Level:
    """variables; terms that are drawn on each side; depth of a bitwise expression; made of it:
    nothing else, or an identity between products, or with arithmetic below bitwise operators.
    """

    variables: int
    terms: int
    depth: int
    kind: str = "linear"


LEVELS = {
    1: Level(2, 2, 1),
    2: Level(2, 4, 2),
    3: Level(3, 4, 2),
    4: Level(4, 6, 3),
    5: Level(2, 1, 1, "product"),
    6: Level(2, 2, 1, "nested"),
}
"""By difficulty; those from 5 on are not linear."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Two sides, the variables, and whether they are equal for all words."""

    left: Expression
    right: Expression
    names: tuple[str, ...]
    decision: Decision


class Source:
    """Identities of a level, true and false ones, over words of `width` bits, none twice."""

    def __init__(self, level: Level, width: int, limit_s: float, rng: random.Random) -> None:
        self._level, self._width, self._limit_s, self._rng = level, width, limit_s, rng
        self._names = NAMES[: level.variables]
        self._known: set[str] = set()
        self.undecided = 0
        """Draws that z3 could not decide, and that are no problem therefore."""

    def draw(self) -> Iterator[Identity]:
        """In pairs of a true and a false one, whichever first; ends where no new one is found."""
        while True:
            truths = [True, False]
            self._rng.shuffle(truths)
            for truth in truths:
                found = next(filter(None, (self._try(truth) for _ in range(_PATIENCE))), None)
                if found is None:
                    return
                yield found

    def _try(self, truth: bool) -> Identity | None:
        sides = self._true_sides()
        if not truth:
            sides = self._changed(*sides)
        left, right = sides
        key = _key(left, right, self._names)
        if written(left) == written(right) or key in self._known:
            return None
        decision = decide(left, right, self._names, self._width, self._limit_s)
        self.undecided += decision.equal is None
        if decision.equal is not truth:
            return None
        self._known.add(key)
        return Identity(left, right, self._names, decision)

    def _true_sides(self) -> tuple[Expression, Expression]:
        left, right = self._linear()
        if self._level.kind == "linear":
            return left, right
        other, again = self._linear()
        if self._level.kind == "product":
            return left * other, right * again
        # Each side has arithmetic below bitwise operators, written in two ways.
        x, y = (variable(name) for name in self._names)
        inner = self._rng.choice(_SUMS)
        ways = [inner[i](x, y) for i in self._rng.sample(range(len(inner)), 2)]
        return renamed(left, {"x": ways[0]}), renamed(right, {"x": ways[1]})

    def _linear(self) -> tuple[Expression, Expression]:
        """Two sums that are equal for all words of any width."""
        left, right = self._terms(), self._terms()
        lacking = self._lacking(left, right)
        sides = [_summed(left), _summed([*right, *lacking])]
        self._rng.shuffle(sides)
        return sides[0], sides[1]

    def _terms(self) -> list[Expression]:
        return [
            _times(self._coefficient(), self._bitwise(self._level.depth))
            for _ in range(self._level.terms)
        ]

    def _coefficient(self) -> int:
        return self._rng.choice((-5, -4, -3, -2, -1, 1, 2, 3, 4, 5))

    def _bitwise(self, depth: int) -> Expression:
        """Of the depth, but for what is drawn to be shorter."""
        if depth == 0:
            chosen = variable(self._rng.choice(self._names))
            return ~chosen if self._rng.random() < 0.3 else chosen
        while True:
            a, b = (self._bitwise(self._rng.randrange(depth)) for _ in range(2))
            made = Expression(self._rng.choice(_BITWISE), (a, b))
            if self._column(made) not in self._plain(a, b):
                return ~made if self._rng.random() < 0.2 else made

    def _plain(self, *parts: Expression) -> set[tuple[int, ...]]:
        """Truth columns that say nothing new: those of the parts, all zeros, all ones."""
        corners = 2 ** len(self._names)
        return {*map(self._column, parts), (0,) * corners, (-1,) * corners}

    def _column(self, expression: Expression) -> tuple[int, ...]:
        return tuple(evaluate(expression, words) for words in corners(self._names))

    def _lacking(self, left: list[Expression], right: list[Expression]) -> list[Expression]:
        """Multiples of conjunctions that make the right side as large as the left one."""
        more: dict[frozenset[str], int] = {}
        found: list[Expression] = []
        for size in range(len(self._names) + 1):
            for names in map(frozenset, combinations(self._names, size)):
                words = {name: -1 if name in names else 0 for name in self._names}
                sums = [sum(int(evaluate(term, words)) for term in side) for side in (left, right)]
                smaller = sum(more[subset] for subset in more if subset < names)
                missing = sums[0] - sums[1] - smaller
                more[names] = missing
                if missing:
                    found.append(_conjunction(sorted(names), missing))
        self._rng.shuffle(found)
        return found

    def _changed(self, left: Expression, right: Expression) -> tuple[Expression, Expression]:
        """With one coefficient or one operator of one side changed."""
        if self._rng.random() < 0.5:
            return self._one_changed(left), right
        return left, self._one_changed(right)

    def _one_changed(self, expression: Expression) -> Expression:
        places = [path for path, one in _nodes(expression) if one.op in ("constant", *_BITWISE)]
        if not places:
            return ~expression
        return _replaced(expression, self._rng.choice(places), self._other)

    def _other(self, node: Expression) -> Expression:
        if node.op == "constant":
            near = [node.value + change for change in (-2, -1, 1, 2)]
            return constant(self._rng.choice([value for value in near if value]))
        return Expression(self._rng.choice([op for op in _BITWISE if op != node.op]), node.args)


Path = tuple[int, ...]
"""Numbers of arguments, from the root on."""
_BITWISE: tuple[Op, ...] = ("&", "|", "^")
_SUMS = (
    (
        lambda x, y: x + y,
        lambda x, y: (x | y) + (x & y),
        lambda x, y: (x ^ y) + constant(2) * (x & y),
    ),
    (
        lambda x, y: x + constant(-1) * y,
        lambda x, y: (x & ~y) + constant(-1) * (~x & y),
        lambda x, y: (x ^ y) + constant(-2) * (~x & y),
    ),
)
"""Sums and differences, each in three ways."""


def _nodes(expression: Expression, at: Path = ()) -> Iterator[tuple[Path, Expression]]:
    yield at, expression
    for i, arg in enumerate(expression.args):
        yield from _nodes(arg, (*at, i))


def _replaced(
    expression: Expression, path: Path, change: Callable[[Expression], Expression]
) -> Expression:
    if not path:
        return change(expression)
    args = list(expression.args)
    args[path[0]] = _replaced(args[path[0]], path[1:], change)
    return Expression(expression.op, tuple(args))


def _summed(terms: Sequence[Expression]) -> Expression:
    return Expression("+", tuple(terms)) if len(terms) > 1 else terms[0]


def _times(coefficient: int, term: Expression) -> Expression:
    return constant(coefficient) * term


def _conjunction(names: Sequence[str], missing: int) -> Expression:
    """Of no variable it is a number: a column of ones is the word -1."""
    if not names:
        return constant(missing)
    return _times(-missing, reduce(and_, map(variable, names)))


def _key(left: Expression, right: Expression, names: Sequence[str]) -> str:
    """The same for sides exchanged, terms in another order and variables renamed."""
    spelled = []
    for order in permutations(names):
        by = {name: variable(to) for name, to in zip(names, order, strict=True)}
        spelled.append("=".join(sorted(_ordered(renamed(side, by)) for side in (left, right))))
    return min(spelled)


def _ordered(expression: Expression) -> str:
    """Spelled with the arguments of commuting operators in order."""
    if not expression.args:
        return expression.name or str(expression.value)
    return f"({expression.op}{' '.join(sorted(map(_ordered, expression.args)))})"
