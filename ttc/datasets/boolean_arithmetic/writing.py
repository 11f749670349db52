"""Mixed Boolean-arithmetic expressions as text, as in C or Python, and as Lean 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ttc.datasets.boolean_arithmetic.expression import Expression

_SIGNS = {"~": "~", "&": "&", "|": "|", "^": "^"}
_LEAN = {"~": "~~~", "&": "&&&", "|": "|||", "^": "^^^"}

_STATEMENT = """\
import Std.Tactic.BVDecide

/-- Words of {width} bits. -/
theorem {name} : {claim} := by
  sorry
"""


def written(expression: Expression) -> str:
    """With brackets wherever precedence could be in question: `3*(x & ~y) - y`."""
    return _sum(expression, _SIGNS, "", "*")


def theorem(
    left: Expression, right: Expression, equal: bool, names: Sequence[str], width: int
) -> str:
    """That they are equal for all words, or that they are not; the proof is left open (`sorry`).

    What is true of words of few bits `bv_decide` can prove.
    """
    sides = [_sum(side, _LEAN, f"#{width}", " * ") for side in (left, right)]
    claim = f"∀ {' '.join(names)} : BitVec {width},\n    {sides[0]}\n    = {sides[1]}"
    return _STATEMENT.format(
        width=width,
        name="identity" if equal else "no_identity",
        claim=claim if equal else f"¬ ({claim})",
    )


def _sum(expression: Expression, signs: Mapping[str, str], suffix: str, times: str) -> str:
    if expression.op != "+":
        return _term(expression, signs, suffix, times)
    out = _summand(expression.args[0], signs, suffix, times)
    for arg in expression.args[1:]:
        negative, positive = _sign(arg)
        out += f" {'-' if negative else '+'} {_summand(positive, signs, suffix, times)}"
    return out


def _summand(expression: Expression, signs: Mapping[str, str], suffix: str, times: str) -> str:
    """Bitwise operators bind more loosely than sums do, so they get brackets here."""
    how = _term if expression.op == "*" else _atom
    return how(expression, signs, suffix, times)


def _sign(term: Expression) -> tuple[bool, Expression]:
    """Whether a constant or a leading factor is negative, and the term without its sign."""
    if term.op == "constant" and term.value < 0:
        return True, Expression("constant", value=-term.value)
    if term.op == "*":
        negative, first = _sign(term.args[0])
        if negative:
            return True, Expression("*", (first, *term.args[1:]))
    return False, term


def _term(expression: Expression, signs: Mapping[str, str], suffix: str, times: str) -> str:
    match expression.op:
        case "*":
            factors = [_atom(arg, signs, suffix, times) for arg in expression.args]
            if expression.args[0] == Expression("constant", value=1):
                factors = factors[1:]
            return times.join(factors)
        case "&" | "|" | "^":
            parts = [_atom(arg, signs, suffix, times) for arg in expression.args]
            return f" {signs[expression.op]} ".join(parts)
        case _:
            return _atom(expression, signs, suffix, times)


def _atom(expression: Expression, signs: Mapping[str, str], suffix: str, times: str) -> str:
    match expression.op:
        case "variable":
            return expression.name
        case "constant":
            return f"{expression.value}{suffix}"
        case "~":
            return signs["~"] + _atom(expression.args[0], signs, suffix, times)
        case _:
            return f"({_sum(expression, signs, suffix, times)})"
