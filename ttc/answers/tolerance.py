"""How far apart two numbers may be."""

import math
from dataclasses import dataclass
from fractions import Fraction

from ttc.answers.numbers import Number


@dataclass(frozen=True)
class Tolerance:
    """|a - b| <= max(absolute, relative * max(|a|, |b|)), computed exactly.

    Two exact values (integers, fractions) must be equal unless `integers` is set: 1000000 is not
    1000001, and 1/2^98 is not 1/2^99.
    """

    relative: float = 1e-6
    absolute: float = 0.0
    integers: bool = False

    def allows(self, a: Number, b: Number) -> bool:
        exact = a.exact and b.exact
        if a.percent == b.percent:
            return self.close(a.value, b.value, exact)
        plain, percent = (b, a) if a.percent else (a, b)
        return self.close(plain.value, percent.value, exact) or self.close(
            plain.value, percent.value / 100, exact
        )

    def close(self, a: Fraction, b: Fraction, exact: bool = False) -> bool:
        """Whether two values may stand for each other; `exact` where neither was rounded."""
        if a == b:
            return True
        if not self.integers and (exact or a.denominator == b.denominator == 1):
            return False
        widest = max(
            Fraction(str(self.absolute)), Fraction(str(self.relative)) * max(abs(a), abs(b))
        )
        return abs(a - b) <= widest

    def reach(self, center: float) -> list[tuple[float, float]]:
        """Ranges outside which no number can match (wider than `allows`, never narrower)."""
        if math.isinf(center):
            return [(-math.inf, math.inf)]
        readings = (center, center / 100, center * 100)
        spread = [(self.absolute + self.relative * abs(c)) / (1 - self.relative) for c in readings]
        spread = [1.01 * s + 1e-12 * abs(c) + 1e-300 for s, c in zip(spread, readings, strict=True)]
        near = [(c - s, c + s) for s, c in zip(spread, readings, strict=True)]
        # The other number may be the one read as a percentage, and then what is allowed, an
        # absolute tolerance too, is a hundred times as wide in its terms.
        return [*near, *((100 * low, 100 * high) for low, high in near)]
