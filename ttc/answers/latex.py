"""LaTeX expressions as the worker sees them; every question is asked once and remembered."""

import re
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from ttc.answers.guards import is_parseable_size
from ttc.answers.killable import WorkerLost, shared
from ttc.answers.numbers import Number
from ttc.answers.tolerance import Tolerance

_CONTEXT = Context(prec=60, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
_AGREE = Decimal("1e-30")  # relative; values come with forty digits
_FUNCTIONS = (
    "arcsin|arccos|arctan|arccot|arcsec|arccsc|sinh|cosh|tanh|coth|sin|cos|tan|cot|sec|csc|ln|log"
    "|exp|lg|gcd|lcm|det|max|min"
)
_GREEK = "alpha|beta|gamma|delta|theta|lambda|sigma|omega|phi|pi|mu|infty"

_OPAQUE = re.compile(  # what the parser reads as less than it says
    r"\^ ?\{? ?(?:T|\\top|\\dagger)|[A-Za-z}] ?\\times ?\\?[A-Za-z]|'"
    r"|\\(?:angle|triangle|overrightarrow|overline|vec|prime)(?![A-Za-z])"
)
Value = tuple[Decimal, Decimal]


@dataclass(frozen=True)
class Description:
    """What is known about one expression.

    `values` are its (real, imaginary) values at the worker's points of the symbols, the first two
    with positive symbols; `exact` says that no decimal occurs in it; `rational` is its value where
    it is a fraction, however long; `other` spells what has no value.
    """

    values: tuple[Value, ...] = ()
    exact: bool = True
    rational: Fraction | None = None
    other: str = ""

    def equals(self, b: "Description", tolerance: Tolerance) -> bool:
        """Equal at every point: exactly where both are exact, else within the tolerance.

        Where symbols are negative, both must be real to be compared: sqrt(1/n) is 1/sqrt(n), and
        |x| is not x.
        """
        if self.other or b.other:
            return self.other == b.other
        if self.rational is not None and b.rational is not None:
            return tolerance.close(self.rational, b.rational, self.exact and b.exact)
        exact = self.exact and b.exact and not tolerance.integers
        n = max(len(self.values), len(b.values))
        left, right = self._at(n), b._at(n)
        if not left or not right:
            return False
        return all(
            (i > 1 and not (_is_real(x) and _is_real(y))) or _close(x, y, exact, tolerance)
            for i, (x, y) in enumerate(zip(left, right, strict=True))
        )

    def proportional(self, b: "Description", positive: bool) -> bool:
        """Whether one is the other times a constant, at every point; of two exact expressions."""
        if len(self.values) != len(b.values) or not self.values or self.other or b.other:
            return False
        (x0, _), (y0, _) = self.values[0], b.values[0]
        if not x0 or not y0 or (positive and (x0 > 0) != (y0 > 0)):
            return False
        tolerance = Tolerance()
        exact = self.exact and b.exact
        return len(self.values) > 1 and all(
            _close(_times(x, y0), _times(y, x0), exact, tolerance)
            for x, y in zip(self.values, b.values, strict=True)
        )

    def _at(self, n: int) -> tuple[Value, ...]:
        """A constant has one value, everywhere the same."""
        return self.values * n if len(self.values) == 1 else self.values


def describe_number(number: Number) -> Description:
    """A plain number, without asking."""
    value = number.value
    digits = _CONTEXT.divide(Decimal(value.numerator), Decimal(value.denominator))
    return Description(((digits, Decimal(0)),), number.exact, value)


def describe(latex: str, time_limit_s: float) -> Description | None:
    """Parsed in a worker; None if the text is not parseable within the limit."""
    if _OPAQUE.search(latex) or not is_parseable_size(latex):
        return None
    return _describe(latex, time_limit_s)


@lru_cache(maxsize=8192)
def _describe(latex: str, time_limit_s: float) -> Description | None:
    found = _ask({"do": "describe", "text": spelled(latex)}, time_limit_s)
    if not isinstance(found, dict):
        return None
    values = tuple(
        (_CONTEXT.create_decimal(x), _CONTEXT.create_decimal(y)) for x, y in found["values"]
    )
    if not all(part.is_finite() for value in values for part in value):
        return None
    rational = Fraction(found["rational"]) if found["rational"] else None
    return Description(values, found["exact"], rational, found["other"])


def _close(a: Value, b: Value, exact: bool, tolerance: Tolerance) -> bool:
    """Distance in the complex plane against the larger size."""
    widest = max(map(_CONTEXT.abs, (*a, *b)))
    apart = max(_CONTEXT.abs(_CONTEXT.subtract(p, q)) for p, q in zip(a, b, strict=True))
    if apart <= _CONTEXT.multiply(_AGREE, widest):
        return True
    if exact:
        return False
    relative = _CONTEXT.multiply(Decimal(str(tolerance.relative)), widest)
    return apart <= max(relative, Decimal(str(tolerance.absolute)))


def _is_real(value: Value) -> bool:
    return _CONTEXT.abs(value[1]) <= _CONTEXT.multiply(_AGREE, _CONTEXT.abs(value[0]))


def _times(value: Value, factor: Decimal) -> Value:
    return _CONTEXT.multiply(value[0], factor), _CONTEXT.multiply(value[1], factor)


def _ask(request: dict[str, Any], time_limit_s: float) -> Any:
    try:
        return shared().ask(request, time_limit_s)
    except WorkerLost:
        return None


def _apart(letters: re.Match[str]) -> str:
    """A letter d is a factor here, which the parser would take for a differential."""
    return letters[0].replace("d", "{d} ")


def spelled(latex: str) -> str:
    r"""Calculator spelling to LaTeX: `sqrt(2)`, `2*pi`, `x**2`, `e^(2x)`; LaTeX stays as it is."""
    latex = re.sub(r"\\text ?\{ ?([A-Za-z]{1,5}) ?\}", r" \1 ", latex.replace("**", "^"))
    # The parser takes E_0 for a power of ten and I for the imaginary unit; both are variables.
    latex = re.sub(r"(?<![A-Za-z\\])E(?=_)", r"\\Upsilon ", latex)
    latex = re.sub(r"(?<![A-Za-z\\])I(?![A-Za-z])", r"\\Xi ", latex)
    if "\\int" not in latex and "\\frac{d" not in latex:
        latex = re.sub(
            r"(?<![\\A-Za-z])((?:[a-ce-z]*d)+)(?=[A-Za-z ]|\\)(?![a-z]*\()", _apart, latex
        )
    latex = re.sub(r"(?<![\\A-Za-z])(?:sqrt|root) ?\(([^()]*)\)", r"\\sqrt{\1}", latex)
    latex = re.sub(r"(?<![\\A-Za-z])a(sin|cos|tan)(?=[ (])", r"\\arc\1 ", latex)
    latex = re.sub(rf"(?<![\\A-Za-z])({_FUNCTIONS})(?![A-Za-z])", r"\\\1 ", latex)
    latex = re.sub(rf"(?<![\\A-Za-z])({_GREEK})(?![A-Za-z])", r"\\\1 ", latex)
    latex = re.sub(r"(?<![\\A-Za-z])(?:infinity|inf|oo)(?![A-Za-z])", r"\\infty ", latex)
    latex = re.sub(r"\\lg(?![A-Za-z])", r"\\log_{10} ", latex)
    latex = re.sub(r"\\exp(?![A-Za-z]) ?\(([^()]*)\)", r"e^{\1}", latex)
    latex = re.sub(r"\^ ?\(([^()]*)\)", r"^{\1}", latex)
    latex = re.sub(
        r"\\?(?<![A-Za-z])cis(?![A-Za-z]) ?\(?([^()+-]*)\)?", r"(\\cos (\1) + i \\sin (\1))", latex
    )
    if re.search(r"\\(?:sin|cos|tan|cot|sec|csc)(?![A-Za-z])", latex):
        latex = re.sub(r"(\d+(?:\.\d+)?|[a-z]|\)|\}) ?°", r"(\1\\cdot\\frac{\\pi}{180})", latex)
    latex = latex.replace("°", "")
    latex = re.sub(r"(?<![\d}.)])(\d+) ?\\frac\{(\d+)\}\{(\d+)\}", r"(\1+\\frac{\2}{\3})", latex)
    return re.sub(r"\*", r"\\cdot ", latex)
