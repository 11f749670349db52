"""Whether two mixed Boolean-arithmetic expressions are equal for all words of w bits.

A linear one, a sum of c_i * e_i with bitwise e_i, is decided by its truth columns: bit j of each
e_i is a Boolean function of the bits j of the variables, so the sum is that over j of 2^j times
what the columns give for these bits. It is 0 everywhere if and only if it is 0 modulo 2^w where
each variable is all zeros or all ones (Zhou et al. 2007, Information Hiding in Software with Mixed
Boolean-Arithmetic Transforms). Others are a question for z3, unless a few words tell them apart.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from ttc.datasets.boolean_arithmetic.expression import Expression, evaluate, is_linear
from ttc.errors import MissingExtra

_TRIES = 64
_EFFORT = 20_000_000
"""z3's own count of its work, so that what is undecided does not depend on the machine."""


@dataclass(frozen=True, slots=True)
class Decision:
    """equal: None where it is undecided. apart: of unequal ones, words that tell them apart."""

    equal: bool | None
    apart: Mapping[str, int] | None = None


def decide(
    left: Expression, right: Expression, names: Sequence[str], width: int, limit_s: float
) -> Decision:
    """Whether they are equal for all values of these variables.

    limit_s: of z3, in seconds, for what is not linear. Raises `MissingExtra` where z3 is needed and
    is not there.
    """
    linear = is_linear(left) and is_linear(right)
    mask = (1 << width) - 1
    for words in corners(names) if linear else _samples(names, width):
        if (evaluate(left, words) - evaluate(right, words)) & mask:
            return Decision(False, {name: word & mask for name, word in words.items()})
    return Decision(True) if linear else _by_solver(left, right, names, width, limit_s)


def corners(names: Sequence[str]) -> Iterator[dict[str, int]]:
    """All zeros or all ones, each variable."""
    return (dict(zip(names, words, strict=True)) for words in product((0, -1), repeat=len(names)))


def _samples(names: Sequence[str], width: int) -> Iterator[dict[str, int]]:
    rng = random.Random(0)
    return ({name: rng.getrandbits(width) for name in names} for _ in range(_TRIES))


def _by_solver(
    left: Expression, right: Expression, names: Sequence[str], width: int, limit_s: float
) -> Decision:
    try:
        import z3
    except ImportError:
        raise MissingExtra("deciding identities that are not linear", "z3") from None
    words = {name: z3.BitVec(name, width) for name in names}
    solver = z3.SolverFor("QF_BV")
    solver.set("rlimit", _EFFORT)
    solver.set("timeout", max(1, int(limit_s * 1000)))
    solver.add(evaluate(left, words) != evaluate(right, words))
    found = solver.check()
    if found == z3.unsat:
        return Decision(True)
    if found != z3.sat:
        return Decision(None)
    model = solver.model()
    values = {name: model.eval(word, True).as_long() for name, word in words.items()}
    return Decision(False, values)
