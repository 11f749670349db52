"""Mixed Boolean-arithmetic expressions over words: sums of products of bitwise expressions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add, and_, mul, or_, xor
from typing import Any, Literal

Op = Literal["variable", "constant", "~", "&", "|", "^", "*", "+"]
_APPLY = {"&": and_, "|": or_, "^": xor, "*": mul, "+": add}


@dataclass(frozen=True, slots=True)
class Expression:
    """A tree: `name` of a variable, `value` of a constant, else `op` over `args` (one under ~)."""

    op: Op
    args: tuple[Expression, ...] = ()
    name: str = ""
    value: int = 0

    def __invert__(self) -> Expression:
        return Expression("~", (self,))

    def __and__(self, other: Expression) -> Expression:
        return Expression("&", (self, other))

    def __or__(self, other: Expression) -> Expression:
        return Expression("|", (self, other))

    def __xor__(self, other: Expression) -> Expression:
        return Expression("^", (self, other))

    def __mul__(self, other: Expression) -> Expression:
        return Expression("*", (self, other))

    def __add__(self, other: Expression) -> Expression:
        return Expression("+", (self, other))


def variable(name: str) -> Expression:
    return Expression("variable", name=name)


def constant(value: int) -> Expression:
    return Expression("constant", value=value)


def evaluate(expression: Expression, values: Mapping[str, Any]) -> Any:
    """Its value, where values are Python's ints or anything else with their operators.

    With ints nothing overflows; as all operators commute with taking the last w bits, the last w
    bits of the result are the value over words of w bits.
    """
    if expression.op == "variable":
        return values[expression.name]
    if expression.op == "constant":
        return expression.value
    args = [evaluate(arg, values) for arg in expression.args]
    return ~args[0] if expression.op == "~" else reduce(_APPLY[expression.op], args)


def is_bitwise(expression: Expression) -> bool:
    """Whether each bit of the result depends on the same bit of the variables alone."""
    if expression.op == "variable":
        return True
    return expression.op in ("~", "&", "|", "^") and all(map(is_bitwise, expression.args))


def is_linear(expression: Expression) -> bool:
    """Whether it is a sum of integer multiples of bitwise expressions, and an integer."""
    match expression.op:
        case "constant":
            return True
        case "+":
            return all(map(is_linear, expression.args))
        case "*":
            factors = [arg for arg in expression.args if not _is_number(arg)]
            return len(factors) < 2 and all(map(is_linear, factors))
        case _:
            return is_bitwise(expression)


def _is_number(expression: Expression) -> bool:
    return expression.op != "variable" and all(map(_is_number, expression.args))


def renamed(expression: Expression, by: Mapping[str, Expression]) -> Expression:
    """With expressions in the place of variables."""
    if expression.op == "variable":
        return by.get(expression.name, expression)
    if not expression.args:
        return expression
    return Expression(expression.op, tuple(renamed(arg, by) for arg in expression.args))
