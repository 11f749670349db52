"""When two structures of answers are the same.

Numbers meet within the rule's tolerance; expressions by their values, computed to forty digits at
fixed points of their symbols (see `latex`); lists and sets in any order, tuples in theirs.
A structure that holds one value is that value: {5}, x = 5, [5] and 5 are one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ttc.answers.latex import Description, describe, describe_number
from ttc.answers.node import Node
from ttc.answers.numbers import Number
from ttc.answers.structure import structure
from ttc.answers.tolerance import Tolerance

_THOUSANDS = re.compile(r"\d{1,3}(?:,[1-9]\d\d)+")  # or a list of numbers, next to a list


@dataclass(frozen=True, slots=True)
class Comparison:
    """Compares nodes within a tolerance; each look at a text is bounded by the time limit."""

    tolerance: Tolerance
    time_limit_s: float

    def same(self, a: Node, b: Node) -> bool:
        """Symmetric; False where nothing can be said."""
        if a.name and b.name and not _same_name(a.name, b.name):
            return self._same_relation(a, b)
        return self._same_value(_alone(a), _alone(b)) or self._same_relation(a, b)

    def _same_value(self, a: Node, b: Node) -> bool:
        if a.kind == b.kind:
            match a.kind:
                case "leaf":
                    return self._leaves(a, b)
                case "words" | "clock" | "base":
                    return a.text == b.text or (a.kind == "base" and _based(a) == _based(b))
                case "list" | "set" | "union":
                    return self._any_order(a, b, exact=a.kind == "list")
                case "tuple" | "matrix":
                    return a.text == b.text and self._in_order(a.items, b.items)
                case "ratio":
                    return self._in_order(a.items, b.items) or self._proportional(a, b)
                case "relation":
                    return self._same_relation(a, b)
        return self._mixed(a, b) or self._mixed(b, a)

    def _mixed(self, a: Node, b: Node) -> bool:
        """Kinds that may be one all the same."""
        if a.kind == "list" and a.text == "or" and self._rounded(*a.items):
            return self.same(a.items[0], b)  # 1/3 or 0.333
        match a.kind, b.kind:
            case "list", "leaf" if _THOUSANDS.fullmatch(b.text):
                parts = [structure(part) for part in b.text.split(",")]
                return self._any_order(a, Node("list", items=tuple(parts)), exact=True)
            case "list", "set":
                return self._any_order(a, b, exact=False)
            case "list", "tuple":
                names = ",".join(item.name for item in a.items)
                return b.name in ("", f"({names})") and self._in_order(
                    [item.unnamed() for item in a.items], b.items
                )
            case "union", ("tuple" | "list"):
                return len(a.items) == 1 and self.same(a.items[0], b)
            case "base", "leaf":
                return b.number is not None and _digits(b) == a.text.split("_")[0]
            case "clock", ("leaf" | "ratio"):
                return _clock_is(a, b)
            case "words", "leaf":
                return not b.number and a.text == "".join(b.text.split()).casefold()
            case "ratio", "leaf":
                if len(a.items) != 2 or b.number is None:
                    return False
                return self._hour(a, b) if _is_time(a) else self._quotient(a, b)
        return False

    def _leaves(self, a: Node, b: Node) -> bool:
        factor = a.unit.factor_to(b.unit) if a.unit and b.unit else 1.0
        if factor is None:
            return False
        if a.number and b.number:
            return self.tolerance.allows(_scaled(a.number, factor), b.number)
        if factor != 1.0:
            return False
        if _degrees(a) != _degrees(b) and "\\pi" in a.text + b.text:
            a, b = _in_radians(a), _in_radians(b)
        left, right = self._described(a), self._described(b)
        if left is None or right is None:
            return a.text == b.text
        return left.equals(right, self.tolerance)

    def _described(self, node: Node) -> Description | None:
        """Plain numbers describe themselves, so that thousands of them cost no round trip."""
        if node.number is not None:
            return None if node.number.percent else describe_number(node.number)
        return describe(node.text, self.time_limit_s)

    def _rounded(self, a: Node, b: Node) -> bool:
        """Whether two say the same twice, the second perhaps rounded to its last digit."""
        if a.number and b.number:
            places = len(b.text.partition(".")[2]) if "." in b.text else 9
            factor = Fraction(1, 100) if b.number.percent and not a.number.percent else 1
            if abs(a.number.value - b.number.value * factor) <= Fraction(1, 10**places):
                return True
        return self.same(a, b)

    def _in_order(self, a: Sequence[Node], b: Sequence[Node]) -> bool:
        return len(a) == len(b) and all(self.same(x, y) for x, y in zip(a, b, strict=True))

    def _any_order(self, a: Node, b: Node, exact: bool) -> bool:
        """As lists, one to one; as sets, each in the other."""
        if exact and len(a.items) != len(b.items):
            return False
        left = list(b.items)
        for item in a.items:
            found = next((i for i, other in enumerate(left) if self.same(item, other)), None)
            if found is None:
                if exact or not any(self.same(item, other) for other in b.items):
                    return False
            else:
                del left[found]
        return all(any(self.same(other, item) for item in a.items) for other in left)

    def _proportional(self, a: Node, b: Node) -> bool:
        """2:4 is 1:2."""
        x, y = _numbers(a.items), _numbers(b.items)
        if x is None or y is None or len(x) != len(y) or _is_time(a) or _is_time(b):
            return False
        return all(p * y[0] == q * x[0] for p, q in zip(x, y, strict=True))

    def _hour(self, a: Node, b: Node) -> bool:
        """2:00 is 2."""
        return a.items[1].text == "00" and self.same(a.items[0], b)

    def _quotient(self, a: Node, b: Node) -> bool:
        values = _numbers(a.items)
        assert b.number is not None
        whole = b.number.is_integer
        return bool(values and values[1] and not whole and values[0] / values[1] == b.number.value)

    def _same_relation(self, a: Node, b: Node) -> bool:
        """Equations up to a factor, inequalities up to a positive one."""
        left, right = _relation(a), _relation(b)
        if left is None or right is None or left[0] != right[0]:
            return False
        x, y = (describe(text, self.time_limit_s) for text in (left[1], right[1]))
        return bool(x and y) and x.proportional(y, positive=left[0] != "=")  # type: ignore[union-attr, arg-type]


def _same_name(a: str, b: str) -> bool:
    """f(x) and y name a function alike; x and y do not name one unknown."""
    return a == b or (_function(a) and _function(b))


def _function(name: str) -> bool:
    return name == "y" or (name.endswith(")") and not name.startswith("("))


def _relation(node: Node) -> tuple[str, str] | None:
    if node.kind == "relation":
        return node.text, node.items[0].text
    if node.kind == "tuple" and node.relation not in ("", "range"):
        sign, _, difference = node.relation.partition(" ")
        return sign, difference
    return ("=", node.relation) if node.relation not in ("", "range") else None


def _alone(node: Node) -> Node:
    """What a structure of one part holds."""
    while len(node.items) == 1 and node.kind in ("list", "set", "union"):
        node = node.items[0]
    return node


def _scaled(number: Number, factor: float) -> Number:
    if factor == 1.0:
        return number
    small = abs(factor) < 1  # an electronvolt is 1.6e-19 J, and no fraction of small numbers
    exact = Fraction(1 / factor if small else factor).limit_denominator(10**9)
    value = number.value / exact if small else number.value * exact
    return Number(value, number.percent, exact=False)


def _degrees(node: Node) -> bool:
    return node.unit is not None and node.unit.known == (("degree", 1),)


def _in_radians(node: Node) -> Node:
    return Node("leaf", rf"\frac{{({node.text}) \pi}}{{180}}") if _degrees(node) else node


def _numbers(items: Sequence[Node]) -> list[Fraction] | None:
    found = [item.number.value for item in items if item.number]
    return found if len(found) == len(items) else None


def _digits(node: Node) -> str:
    return str(node.number.value) if node.number else ""


def _is_time(ratio: Node) -> bool:
    """12:00 and 7:05 are times: no ratio is written with a leading zero."""
    return any(re.match(r"0\d|0$", item.text) for item in ratio.items)


def _based(node: Node) -> Fraction:
    digits, _, base = node.text.partition("_")
    whole, _, rest = digits.partition(".")
    value = Fraction(int(whole or "0", int(base)))
    return value + Fraction(int(rest, int(base)), int(base) ** len(rest)) if rest else value


def _clock_is(clock: Node, other: Node) -> bool:
    """2:00 pm is 2 and 14:00 and 2:00; 2:30 pm is not 2."""
    minutes = int(clock.text)
    parts = _numbers(other.items) if other.kind == "ratio" else _numbers([other])
    if not parts or len(parts) > 2 or any(part.denominator != 1 for part in parts):
        return False
    given = int(parts[0]) * 60 + (int(parts[1]) if len(parts) == 2 else 0)
    return given in (minutes, minutes % 720, minutes % 720 + 720)
