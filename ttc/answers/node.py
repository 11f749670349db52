"""The parts of an answer, as `structure` finds them and `comparing` compares them."""

from dataclasses import dataclass, replace
from typing import Literal

from ttc.answers.numbers import Number
from ttc.answers.units import Unit

Kind = Literal[
    "leaf", "words", "list", "set", "tuple", "union", "matrix", "relation", "ratio", "clock", "base"
]


@dataclass(frozen=True, slots=True)
class Node:
    r"""A part of an answer; `items` by kind, `text` the LaTeX of a leaf or what tells kinds apart.

    tuple: `text` is its brackets (`(]`); relation: `=`, `<` or `\le` between zero and its one
    item; clock: minutes; base: digits and base. `name` is set where it was written `name = ...`.
    """

    kind: Kind
    text: str = ""
    items: tuple["Node", ...] = ()
    number: Number | None = None
    name: str = ""
    unit: Unit | None = None
    relation: str = ""
    """`left - (right)` of what was an equation, `< left - (right)` of an inequality of one unknown,
    `range` of what else is known to be an interval and no pair."""

    def unnamed(self) -> "Node":
        """The same without its name."""
        return replace(self, name="")

    @property
    def is_range(self) -> bool:
        """An interval for sure, or several."""
        return self.kind == "union" or (self.kind == "tuple" and self.relation != "")
