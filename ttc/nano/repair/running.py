"""Runs the functions of templates, which are ours, in this process; loops end after some turns.

What a model writes is never run here but in the sandbox.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

MOST_TURNS = 400


class Outcome(NamedTuple):
    """What a call gave, or the name of the exception that it raised."""

    value: Any = None
    raised: str = ""

    def same(self, other: Outcome) -> bool:
        """Equal in type and value."""
        return repr(self) == repr(other)

    def told(self) -> str:
        """`gave 4`, `raised IndexError`."""
        return f"raised {self.raised}" if self.raised else f"gave {self.value!r}"


class Endless(Exception):
    """A loop has turned too often."""


class _Counting(ast.NodeTransformer):
    """Counts the turns of every loop."""

    def visit_For(self, node: ast.For) -> ast.AST:
        return self._counted(node)

    def visit_While(self, node: ast.While) -> ast.AST:
        return self._counted(node)

    def _counted(self, node: ast.For | ast.While) -> ast.AST:
        self.generic_visit(node)
        turn = ast.Expr(ast.Call(ast.Name("__turn", ast.Load()), [], []))
        node.body.insert(0, turn)
        return node


def compiled(lines: Sequence[str]) -> Callable[[Sequence[Any]], Outcome] | None:
    """The function of these lines as one of a list of arguments; None where it is no Python."""
    try:
        tree = ast.parse("\n".join(lines))
    except SyntaxError:
        return None
    turns = [0]

    def turn() -> None:
        turns[0] += 1
        if turns[0] > MOST_TURNS:
            raise Endless

    space: dict[str, Any] = {"__turn": turn}
    code = compile(ast.fix_missing_locations(_Counting().visit(tree)), "<template>", "exec")
    exec(code, space)
    function = space[lines[0].partition("(")[0].removeprefix("def ")]

    def call(arguments: Sequence[Any]) -> Outcome:
        turns[0] = 0
        try:
            return Outcome(function(*deepcopy(list(arguments))))
        except Exception as error:
            return Outcome(raised=type(error).__name__)

    return call
