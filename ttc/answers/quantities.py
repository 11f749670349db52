r"""Values with units and significant figures, and when two of them agree.

The figures of a value are those it was written with: 9.80 has three, 3e8 one; whole numbers and
fractions are exact. Two values agree where the one given to fewer places is the other, rounded.
Units are converted by the library pint, temperatures with their zero points.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from ttc.answers.constants import constants_in
from ttc.answers.numbers import parse_number

_MANTISSA = re.compile(r"(?P<whole>\d[\d, ]*|)(?P<point>\.(?P<part>\d*))?")
_INEXACT = re.compile(r"^[-+]? ?[\d, ]*\.\d|\d[eE]|\d ?(?:\\times|\\cdot|\*|x) ?10 ?\^")
_UNIT = re.compile(r"[A-Za-zµΩÅ°%(][A-Za-z0-9µΩÅ°%*/^() .\-]{0,60}")
_SHARES = ("ppm", "ppb")
_TOWER = re.compile(r"\*\*[^*]{0,9}\*\*|\d{3}|\(\s*\(")
_SPELLINGS = (
    (re.compile(r"\\[dt]?frac ?\{([^{}]*)\} ?\{([^{}]*)\}"), r"(\1)/(\2)"),
    (re.compile(r"\\(?:text|mathrm|rm|operatorname) ?\{([^{}]*)\}"), r" \1 "),
    (re.compile(r"\\(?:[,;!: ]|quad)|~"), " "),
    (re.compile(r"\\(?:cdot|times)|·|⋅"), "*"),
    (re.compile(r"\^ ?\\circ ?|\\circ ?|°"), "°"),
    (re.compile(r"° ?([CF])(?![a-z])"), r"deg\1"),
    (re.compile(r"°"), "degree"),
    (re.compile(r"\\mu ?"), "µ"),
    (re.compile(r"\\Omega"), "ohm"),
    (re.compile(r"\\(?:AA|r ?\{A\})"), "angstrom"),
    (re.compile(r"\\%"), "%"),
    (re.compile(r"\^ ?\{? ?(-?\d) ?\}?"), r"**\1"),
)


@dataclass(frozen=True)
class Quantity:
    """A value. step: of its last written place, None for exact ones; unit: pint's, None for none.

    figures: how many significant ones it was written with; None for exact values.
    """

    value: Fraction
    step: Fraction | None = None
    figures: int | None = None
    unit: Any = None

    def bare(self) -> Quantity:
        """A share as a plain number: 7 ppm is 7e-6."""
        size = _converted(Fraction(1), self.unit, "dimensionless") or Fraction(1)
        step = None if self.step is None else self.step * size
        return Quantity(self.value * size, step, self.figures)

    def within(self, unit: Any) -> Quantity | None:
        """The same in another unit; None where that measures something else."""
        if unit is None or self.unit is None or self.unit == unit:
            return self
        ends = [_converted(v, self.unit, unit) for v in (self.value, self.value + (self.step or 1))]
        if ends[0] is None or ends[1] is None:
            return None
        step = abs(ends[1] - ends[0]) if self.step else None
        return Quantity(ends[0], step, self.figures, unit)


def agree(a: Quantity, b: Quantity, figures: int) -> bool:
    """Whether the coarser is the other rounded, with at least so many figures; symmetric."""
    left = a.within(b.unit)
    if left is None:
        return False
    apart = abs(left.value - b.value)
    steps = [one.step for one in (left, b) if one.step is not None]
    if (steps or left.unit is not None) and apart <= abs(b.value) / 10**9:
        return True  # what pint converts is a float
    if not steps or any(one.figures is not None and one.figures < figures for one in (left, b)):
        return False
    return apart <= max(steps) / 2 + abs(b.value) / 10**12  # midway between two: either


@lru_cache(maxsize=8192)
def quantities(text: str) -> tuple[Quantity, ...]:
    """What a text may be read as: a number with or without a unit, physical constants."""
    if len(text) > 200:
        return ()
    text = text.strip()
    found = []
    for at in _splits(text):
        number = parse_number(text[:at]) if at else None
        rest = text[at:].strip()
        if at and (number is None or number.unit is not None or number.percent):
            continue
        value = number.value if number else Fraction(1)
        step, figures = _precision(text[:at], value) if number else (None, None)
        if number and not rest:
            return (Quantity(value, step, figures),)
        if number and (unit := _unit(rest)) is not None:
            found.append(Quantity(value, step, figures, unit))
            if rest in _SHARES:
                found.append(Quantity(value, step, figures, unit).bare())
        if (constant := constants_in(rest.removeprefix("\\cdot").strip())) is not None:
            size = Fraction(constant.magnitude)
            scaled = None if step is None else step * size
            found.append(Quantity(value * size, scaled, figures, constant.units))
    return tuple(found)


def _splits(text: str) -> list[int]:
    """Where a number may end, the last place first: before a letter, a sign of degrees, the end."""
    places = [m.start() for m in re.finditer(r"(?<=[\d.} ])(?=[A-Za-z\\µΩÅ°(^])", text)]
    bare = [0] if text[:1].isalpha() or text[:1] == "\\" else []
    return [len(text), *reversed(places[-12:]), *bare]


def _precision(text: str, value: Fraction) -> tuple[Fraction | None, int | None]:
    """The step of the last place, and the significant figures; of exact values neither."""
    plain = re.sub(r"[^\d.,eE\\a-z*^ ]", "", text).strip()
    if not _INEXACT.search(plain) or not value:
        return None, None
    match = next((m for m in _MANTISSA.finditer(plain) if m[0].strip()), None)
    if match is None:
        return None, None
    digits = re.sub(r"\D", "", match["whole"]) + (match["part"] or "")
    shown = digits.lstrip("0")
    return (abs(value) / int(shown), len(shown)) if shown else (None, None)


@lru_cache(maxsize=2048)
def _unit(text: str) -> Any:
    """Pint's unit of a text such as `kg m/s^2`, `J/(g K)`; None where it is none."""
    from ttc.answers.units import registry

    for pattern, spelled in _SPELLINGS:
        text = pattern.sub(spelled, text)
    text = " ".join(text.replace("{", " ").replace("}", " ").split()).strip(" *.")
    if not _UNIT.fullmatch(text) or _TOWER.search(text):
        return None
    try:
        return registry().parse_units(text)
    except Exception:  # on foreign text its parser also asserts, and fails as Python's own does
        return None


def _converted(value: Fraction, mine: Any, other: Any) -> Fraction | None:
    import pint

    from ttc.answers.units import registry

    try:
        return Fraction(float(registry().Quantity(float(value), mine).to(other).magnitude))
    except (pint.errors.PintError, ArithmeticError, ValueError):
        return None


def has_unit(answer: str) -> bool:
    """Whether a unit that pint knows stands behind a value."""
    from ttc.answers.structure import structure

    unit = structure(answer).unit
    read = quantities(answer.strip().strip("$"))
    return bool(unit and unit.known) or any(one.unit is not None for one in read)
