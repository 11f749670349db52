r"""Equivalence of scientific answers: the mathematical rule, with units, figures and constants.

Beyond `math` (arXiv 2512.01224 judges such answers with an interpreter and a converter of units):
two values agree where the one given to fewer significant figures is the other, rounded; all units
that pint knows are converted, also compound ones, and temperatures with their zero points;
constants of physics stand for their values (`c` is 3.00e8 m/s); 2,74 may be a decimal comma; sums
and products of matrices are worked out; what stands twice in a list counts once; a list of two
values is no closed interval.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache

from ttc.answers.comparing import Comparison
from ttc.answers.equivalence import Form, MathRule
from ttc.answers.matrices import worked_out
from ttc.answers.node import Node
from ttc.answers.normalise import tidy
from ttc.answers.quantities import Quantity, agree, quantities
from ttc.answers.tolerance import Tolerance
from ttc.answers.units import pint_unit

_DECIMAL_COMMA = re.compile(r"(?P<whole>[-+]?\d{1,20}),(?P<part>\d{1,20})(?P<rest>(?![\d,]).*)?")
_GROUPED = re.compile(r"[-+]?[1-9]\d{0,2},\d{3}")
_ABSOLUTE = re.compile(
    r"(?P<low>[^<>|]{1,80})(?P<s1><|\\leq?(?![a-z]))\s*(?:\|(?P<x>[A-Za-z])\||\\lvert (?P<y>[a-z])"
    r"\\rvert)\s*(?P<s2><|\\leq?(?![a-z]))(?P<high>[^<>|]{1,80})"
)


@dataclass(frozen=True)
class ScienceRule(MathRule):
    """See the module. figures: the fewest significant ones that a rounded value must have."""

    figures: int = 3

    def form(self, answer: str) -> Form:
        text = _rewritten(answer)
        found = super().form(text)
        if found.kind == "word" and quantities(tidy(text)):  # J/(mol K) reads as words there
            return Form("".join(tidy(text).split()), "math", node=Node("leaf", tidy(text)))
        return found

    def reach(self, form: Form) -> list[tuple[float, float]]:
        if self._with_point(form) is not None:
            return [(-math.inf, math.inf)]
        known = super().reach(form)
        half = 10.0 ** (1 - self.figures) / 2
        wide = Tolerance(max(self.tolerance.relative, half), self.tolerance.absolute)
        return [*known, *wide.reach(form.approximate)]

    def same(self, a: Form, b: Form) -> bool:
        if super().same(a, b):
            return True
        return any(
            super(ScienceRule, self).same(x, y)
            for x, y in ((self._with_point(a), b), (a, self._with_point(b)))
            if x is not None and y is not None
        )

    def _with_point(self, form: Form) -> Form | None:
        """Another reading of `2,74`: with a decimal point."""
        text = form.node.text if form.node and form.node.number else form.key
        match = _DECIMAL_COMMA.fullmatch(text)
        if match is None or _GROUPED.fullmatch(match[0]):
            return None
        return super().form(f"{match['whole']}.{match['part']}{match['rest'] or ''}")

    @cached_property
    def _comparison(self) -> Comparison:
        return _Science(self.tolerance, self.time_limit_s, self.figures)


@dataclass(frozen=True, slots=True)
class _Science(Comparison):
    """Comparison of nodes, where leaves may be quantities."""

    figures: int = 3

    def _leaves(self, a: Node, b: Node) -> bool:
        return Comparison._leaves(self, a, b) or any(
            agree(x, y, self.figures) for x in self._readings(a) for y in self._readings(b)
        )

    def _readings(self, node: Node) -> tuple[Quantity, ...]:
        """As a quantity, or as an expression's value, which the worker knows."""
        if node.number is not None or (found := quantities(node.text)):
            return quantities(node.text) if node.number is not None else found
        known = self._described(node)
        if known is None or len(known.values) != 1 or known.values[0][1]:
            return ()
        value = known.values[0][0]
        return (Quantity(Fraction(value), unit=pint_unit(node.unit)),) if value.is_finite() else ()

    def _any_order(self, a: Node, b: Node, exact: bool) -> bool:
        return Comparison._any_order(self, a, b, exact=False)

    def _mixed(self, a: Node, b: Node) -> bool:
        if a.kind == "list" and b.kind == "leaf" and all(self.same(i, b) for i in a.items):
            return True
        interval = (a.kind, b.kind, b.text) == ("list", "tuple", "[]") and len(b.items) == 2
        return not interval and Comparison._mixed(self, a, b)


@lru_cache(maxsize=8192)
def _rewritten(answer: str) -> str:
    """Matrices worked out; `1 < |x| < 2` as the two intervals that it is."""
    text = worked_out(tidy(answer)) if "matrix}" in answer else answer
    bounds = _ABSOLUTE.fullmatch(tidy(text)) if "|" in text or "vert" in text else None
    if bounds is None:
        return text
    low, high = bounds["low"].strip(), bounds["high"].strip()
    left, right = "(" if bounds["s1"] == "<" else "[", ")" if bounds["s2"] == "<" else "]"
    mirror = {"(": ")", "[": "]", ")": "(", "]": "["}
    return f"{mirror[right]}-{high}, -{low}{mirror[left]} \\cup {left}{low}, {high}{right}"
