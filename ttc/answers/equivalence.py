r"""When two answers count as the same.

Each rule turns an answer into a `Form` once, and decides on pairs of forms. Equal keys are always
equivalent, so every rule is reflexive; all are symmetric. `string` and `choice` are equivalence
relations. `numeric` and `math` need not be transitive, because of tolerance, of percent (25% is
accepted for 25 and for 0.25, which differ) and of math-verify's leniency (5, x=5, y=5): see
`classes` for how votes are grouped all the same.

`math` asks, cheapest first: same spelling? plain numbers? within the size guards? and only then a
worker process with a limit on time and memory (`sandbox`). A text that is late, fatal or no LaTeX
is equivalent to its own spelling only, and is not tried again.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Literal, Protocol

from ttc.answers.choice import as_choice
from ttc.answers.guards import is_parseable_size
from ttc.answers.latex import Description, describe, same_in_worker
from ttc.answers.limits import MAX_MATH_CHARS
from ttc.answers.normalise import canonical, tidy
from ttc.answers.numbers import Number, parse_number

Kind = Literal["word", "integer", "number", "math"]
_ASSIGNMENT = re.compile(r"([A-Za-z]|[A-Za-z]_\{?\w\}?) ?= ?([^=]+)")


@dataclass(frozen=True)
class Form:
    """What a rule sees of an answer. Forms with one key are equivalent."""

    key: str
    kind: Kind = "word"
    number: Number | None = None
    latex: str = ""
    name: str = ""
    """`x`, if the answer was written `x = number`."""

    @cached_property
    def approximate(self) -> float:
        """For quick refusals; infinite where a float can't hold it, nan if it is no number."""
        if self.number is None:
            return math.nan
        try:
            return float(self.number.value)
        except OverflowError:
            return math.inf if self.number.value > 0 else -math.inf


@dataclass(frozen=True)
class Tolerance:
    """|a - b| <= max(absolute, relative * max(|a|, |b|)), computed exactly.

    Two integers must be equal unless `integers` is set: 1000000 is not 1000001.
    """

    relative: float = 1e-6
    absolute: float = 0.0
    integers: bool = False

    def allows(self, a: Number, b: Number) -> bool:
        if a.percent == b.percent:
            return self._close(a.value, b.value)
        plain, percent = (b, a) if a.percent else (a, b)
        return self._close(plain.value, percent.value) or self._close(
            plain.value, percent.value / 100
        )

    def _close(self, a: Fraction, b: Fraction) -> bool:
        if a == b:
            return True
        if not self.integers and a.denominator == b.denominator == 1:
            return False
        widest = max(
            Fraction(str(self.absolute)), Fraction(str(self.relative)) * max(abs(a), abs(b))
        )
        return abs(a - b) <= widest

    def reach(self, form: Form) -> list[tuple[float, float]]:
        """Ranges outside which no number can match (wider than `allows`, never narrower)."""
        center = form.approximate
        if math.isinf(center):
            return [(-math.inf, math.inf)]
        readings = (center, center / 100, center * 100)
        spread = [(self.absolute + self.relative * abs(c)) / (1 - self.relative) for c in readings]
        spread = [1.01 * s + 1e-12 * abs(c) + 1e-300 for s, c in zip(spread, readings, strict=True)]
        near = [(c - s, c + s) for s, c in zip(spread, readings, strict=True)]
        # The other number may be the one read as a percentage, and then what is allowed, an
        # absolute tolerance too, is a hundred times as wide in its terms.
        return [*near, *((100 * low, 100 * high) for low, high in near)]


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
        return "word" not in (a, b) and (self.tolerance.integers or not a == b == "integer")

    def reach(self, form: Form) -> list[tuple[float, float]]:
        return self.tolerance.reach(form)


@dataclass(frozen=True)
class NumericRule(_Tolerant):
    """Plain numbers within a tolerance; other answers as strings."""

    def form(self, answer: str) -> Form:
        number = parse_number(_right_side(answer))
        return _number_form(number) if number else Form(canonical(answer))

    def same(self, a: Form, b: Form) -> bool:
        if a.key == b.key:
            return True
        return _numbers_match(a, b, self.tolerance)


@dataclass(frozen=True)
class MathRule(_Tolerant):
    """Mathematical equivalence of LaTeX answers: numbers here, the rest in a worker process."""

    time_limit_s: float = 5.0

    def form(self, answer: str) -> Form:
        if number := parse_number(answer):
            return _number_form(number, tidy(answer))
        if form := _assigned_number(answer):
            return form
        latex, key = tidy(answer), canonical(answer)
        parseable = is_parseable_size(latex) and not _is_prose(key)
        return Form(key, "math" if parseable else "word", latex=latex)

    def same(self, a: Form, b: Form) -> bool:
        if a.key == b.key:
            return True
        if "word" in (a.kind, b.kind):
            return False
        if a.number and b.number:
            return _numbers_match(a, b, self.tolerance)
        left, right = self._description(a), self._description(b)
        if left is None or right is None or not left.may_equal(right):
            return False
        return same_in_worker(*sorted((a.latex, b.latex)), self.time_limit_s)

    def _description(self, form: Form) -> Description | None:
        """Plain numbers describe themselves, so that thousands of them cost no round trip."""
        plain = form.number and not form.number.percent and not form.name
        if plain and math.isfinite(form.approximate):
            return Description("number", (complex(form.approximate),))
        return describe(form.latex, self.time_limit_s)


def _number_form(number: Number, latex: str = "") -> Form:
    kind: Kind = "integer" if number.is_integer else "number"
    value = number.value
    size = max(abs(value.numerator), value.denominator)
    key = f"#{value.numerator:x}/{value.denominator:x}" if size else "#0"
    return Form(key + ("%" if number.percent else ""), kind, number, latex)


def _numbers_match(a: Form, b: Form, tolerance: Tolerance) -> bool:
    if a.number is None or b.number is None or (a.name and b.name and a.name != b.name):
        return False
    return tolerance.allows(a.number, b.number)


def _assigned_number(answer: str) -> Form | None:
    """`x = 5`: equal to 5 and to x = 10/2, not to y = 5."""
    match = _ASSIGNMENT.fullmatch(tidy(answer)) if len(answer) < MAX_MATH_CHARS else None
    number = parse_number(match[2]) if match else None
    if match is None or number is None:
        return None
    form = _number_form(number)
    return Form(f"{match[1]}={form.key}", "number", number, tidy(answer), match[1])


def _right_side(answer: str) -> str:
    """`x = 5` to `5`: the numeric rule ignores the name."""
    left, equals, right = answer.rpartition("=")
    return right if equals and len(left) < 40 else answer


def _is_prose(key: str) -> bool:
    """Words, which a LaTeX parser would take for products of letters (listen = silent)."""
    return len(key) > 2 and all(char.isalpha() or char in " .'-" for char in key)
