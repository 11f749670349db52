r"""When two answers count as the same.

Each rule turns an answer into a `Form` once, and decides on pairs of forms. Equal keys are always
equivalent, so every rule is reflexive; all are symmetric. `string` and `choice` are equivalence
relations. `numeric` and `math` need not be transitive, because of tolerance, of percent (25% is
accepted for 25 and for 0.25, which differ), of units (5 is 5 m and 5 cm) and of names (5, x=5,
y=5): see `classes` for how votes are grouped all the same.

`math` asks, cheapest first: same spelling? plain numbers? same structure (`structure`, `comparing`)
with the same leaves? Only leaves that are no plain numbers go to a worker process with a limit on
time and memory (`killable`), once each, and are compared by the values that it computes (`latex`).
A text that is late, fatal or no LaTeX is equivalent to its own spelling only.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, Protocol

from ttc.answers.choice import as_choice
from ttc.answers.comparing import Comparison
from ttc.answers.node import Node
from ttc.answers.normalise import canonical, tidy
from ttc.answers.numbers import Number, parse_number
from ttc.answers.structure import structure
from ttc.answers.tolerance import Tolerance

Kind = Literal["word", "exact", "number", "math"]


@dataclass(frozen=True)
class Form:
    """What a rule sees of an answer. Forms with one key are equivalent."""

    key: str
    kind: Kind = "word"
    number: Number | None = None
    node: Node | None = None

    @cached_property
    def approximate(self) -> float:
        """For quick refusals; infinite where a float can't hold it, nan if it is no number."""
        if self.number is None:
            return math.nan
        try:
            return float(self.number.value)
        except OverflowError:
            return math.inf if self.number.value > 0 else -math.inf


class Rule(Protocol):
    """An equivalence: `form` once an answer, `same` for pairs with different keys."""

    def form(self, answer: str) -> Form: ...

    def crosses(self, a: Kind, b: Kind) -> bool:
        """Whether forms of these kinds with different keys could be the same at all."""
        ...

    def reach(self, form: Form) -> list[tuple[float, float]]:
        """For a number: the ranges of value in which numbers could be the same."""
        ...

    def same(self, a: Form, b: Form) -> bool: ...


@dataclass(frozen=True)
class KeyRule:
    """Equivalent if and only if the keys are equal."""

    key: Callable[[str], str]

    def form(self, answer: str) -> Form:
        return Form(self.key(answer))

    def crosses(self, a: Kind, b: Kind) -> bool:
        return False

    def reach(self, form: Form) -> list[tuple[float, float]]:
        return []

    def same(self, a: Form, b: Form) -> bool:
        return a.key == b.key


def string_rule() -> KeyRule:
    """Normalised spelling."""
    return KeyRule(canonical)


def choice_rule() -> KeyRule:
    """The letter; what is no letter is compared as a string."""
    return KeyRule(lambda answer: as_choice(answer) or canonical(answer))


@dataclass(frozen=True)
class _Tolerant:
    """What rules that compare numbers share: which forms may be the same, and how near."""

    tolerance: Tolerance = field(default_factory=Tolerance)

    def crosses(self, a: Kind, b: Kind) -> bool:
        return "word" not in (a, b) and (self.tolerance.integers or not a == b == "exact")

    def reach(self, form: Form) -> list[tuple[float, float]]:
        if form.number is not None and form.number.unit and form.number.unit.known:
            return [(-math.inf, math.inf)]  # 5 m is 500 cm
        return self.tolerance.reach(form.approximate)


@dataclass(frozen=True)
class NumericRule(_Tolerant):
    """Plain numbers within a tolerance; other answers as strings."""

    def form(self, answer: str) -> Form:
        number = parse_number(_right_side(answer))
        return _number_form(number) if number else Form(canonical(answer))

    def same(self, a: Form, b: Form) -> bool:
        if a.key == b.key:
            return True
        if a.number is None or b.number is None:
            return False
        return self._comparison.same(_leaf(a.number), _leaf(b.number))

    @cached_property
    def _comparison(self) -> Comparison:
        return Comparison(self.tolerance, 0.0)


@dataclass(frozen=True)
class MathRule(_Tolerant):
    """Mathematical equivalence of LaTeX answers: structure and numbers here, values in a worker."""

    time_limit_s: float = 5.0

    def form(self, answer: str) -> Form:
        node = structure(answer)
        if node.kind == "leaf" and node.number and not node.name:
            return _number_form(node.number, node)
        if node.kind == "words":
            # Words that letters could spell meet those letters: Sky and sky, AB and ab.
            kind: Kind = "math" if len(node.text) < 5 and " " not in node.text else "word"
            return Form(f"words {node.text}", kind, node=node)
        return Form("".join(tidy(answer).split()), "math", node=node)

    def same(self, a: Form, b: Form) -> bool:
        if a.key == b.key:
            return True
        if a.node is None or b.node is None or "word" in (a.kind, b.kind):
            return False
        return self._comparison.same(a.node, b.node)

    @cached_property
    def _comparison(self) -> Comparison:
        return Comparison(self.tolerance, self.time_limit_s)


def _leaf(number: Number) -> Node:
    return Node("leaf", number=number, unit=number.unit)


def _number_form(number: Number, node: Node | None = None) -> Form:
    value = number.value
    size = max(abs(value.numerator), value.denominator)
    key = f"#{value.numerator:x}/{value.denominator:x}" if size else "#0"
    known = number.unit.known if number.unit else ()
    unit = "".join(f" {name}^{power}" for name, power in known)
    kind: Kind = "exact" if number.exact and not number.percent and not known else "number"
    return Form(key + ("%" if number.percent else "") + unit, kind, number, node)


def is_number(answer: str) -> bool:
    """What the numeric rule compares as a number."""
    return parse_number(_right_side(answer)) is not None


def _right_side(answer: str) -> str:
    """`x = 5` to `5`: the numeric rule ignores the name."""
    left, equals, right = answer.rpartition("=")
    told = re.search(r"\d", left) and re.search(r"[A-Za-z]{2}", left)  # 0, since 2 + 2 = 4
    return right if equals and len(left) < 40 and not told else answer
