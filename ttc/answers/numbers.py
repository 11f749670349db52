r"""Plain numbers, read exactly: the quick path of equivalence, without sympy.

Read: signs, thousands separators, decimals, `3e8`, `3\times10^{8}`, `2^{10}`, `3/4`,
`\frac{3}{4}`, `1 3/4`, `1\frac{3}{4}`, `25%`, `$5`, `5 cm`, `5\text{ cm}`, `90°`, `2 million`.
Values are `Fraction`s, so nothing overflows or rounds; what grows beyond `limits` is none.
"""

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from ttc.answers.limits import MAX_DIGITS, MAX_EXPONENT
from ttc.answers.normalise import tidy
from ttc.answers.units import Unit, split_unit

_NUM = r"(?:(?:\d{1,3}(?:,\d{3})+|\d{1,3}(?: \d{3})+(?! ?\d)|\d+)(?:\.\d*)?|\.\d+)"
_SIGNED = rf"[+-]? ?{_NUM}"
_FRACTION = re.compile(
    rf"(?:(?P<whole>\d+) ?(?=\\))?\\frac ?\{{ ?(?P<a>{_SIGNED}) ?\}} ?\{{ ?(?P<b>{_SIGNED}) ?\}}"
    rf"|(?:(?P<whole2>\d+) )?(?P<c>{_NUM}) ?/ ?(?P<d>{_SIGNED})",
    re.ASCII,
)
_POWER = re.compile(
    r"(?P<base>\d{1,20}) ?\^ ?(?:\{ ?(?P<e1>-?\d{1,6}) ?\}|(?P<e2>\d{1,6}))", re.ASCII
)
_SCIENTIFIC = re.compile(
    rf"(?P<m>{_NUM})(?:[eE](?P<e>[+-]?\d{{1,9}})"
    r"| ?(?:\\times|\\cdot|\*|x) ?10 ?\^ ?(?:\{ ?(?P<e1>[+-]?\d{1,9}) ?\}|(?P<e2>-?\d{1,9})))?",
    re.ASCII,
)
_HEAD = re.compile(
    r"(?P<sign>(?:negative|minus)(?= ?\\?\d)|[+-]?) ?"
    r"(?:USD|EUR|INR|Rs\.?|(?:US|A|C|CA|HK|NZ|R)\$|[$€£¥₹₩₽])? ?(?P<sign2>[+-]?) ?"
)
_PERCENT = re.compile(r" ?(?:%|percentage(?: points?)?|per ?cent|pct)\.?$", re.IGNORECASE)
_REPEATING = re.compile(
    r"(?P<whole>\d*)\.(?P<once>\d*)(?:\\(?:overline|bar|dot) ?\{? ?(?P<again>\d{1,50}) ?\}?"
    r"|\((?P<round>\d{1,50})\)|(?P<shown>\d{1,9}?)(?P=shown){2,9} ?(?:\\ldots|…))",
    re.ASCII,
)
_SCALES = {
    "hundred": 100, "thousand": 10**3, "million": 10**6,
    "billion": 10**9, "trillion": 10**12, "dozen": 12,
}  # fmt: skip


_ROUNDED = re.compile(r"\.\d|[eE]")


@dataclass(frozen=True, slots=True)
class Number:
    """A value, `exact` unless it was written as a decimal, which may have been rounded.

    `percent` if written with a percent sign (25% has value 25); `unit` is what stood behind it.
    """

    value: Fraction
    percent: bool = False
    exact: bool = True
    unit: Unit | None = None

    @property
    def is_integer(self) -> bool:
        return not self.percent and self.value.denominator == 1


def parse_number(text: str) -> Number | None:
    """The number that `text` plainly is, or None; never raises."""
    return None if len(text) > MAX_DIGITS else _parse(text)


@lru_cache(maxsize=8192)
def _parse(text: str) -> Number | None:
    body, scale, percent, unit = _without_units(tidy(text))
    head = _HEAD.match(body)
    assert head is not None  # every part of it is optional
    magnitude = body[head.end() :].strip()
    value = _magnitude(magnitude)
    if value is None:
        return None
    negative = (head["sign"] not in ("", "+")) != (head["sign2"] == "-")
    exact = not _ROUNDED.search(magnitude) or bool(_REPEATING.fullmatch(magnitude))
    return Number((-value if negative else value) * scale, percent, exact, unit)


def _without_units(text: str) -> tuple[str, int, bool, Unit | None]:
    """Split off percent signs, units and words of scale: (number part, scale, percent, unit)."""
    text = re.sub(r"\\text\{ ?(percent|%) ?\}$", "%", text)
    if percent := _PERCENT.search(text):
        return text[: percent.start()], 1, True, None
    if not text or (not text[-1].isalpha() and text[-1] not in "}°.2345"):
        return text, 1, False, None
    body, unit = split_unit(text)
    return body, _scale(unit.words) if unit else 1, False, unit


def _scale(words: str) -> int:
    scale = 1
    for word in re.findall(r"[a-z]+", words.lower()):
        scale *= _SCALES.get(word, 1)
    return scale


def _magnitude(text: str) -> Fraction | None:
    if "." in text and (match := _REPEATING.fullmatch(text)):
        return _repeating(match)
    if match := _SCIENTIFIC.fullmatch(text):
        return _scaled(match["m"], int(match["e"] or match["e1"] or match["e2"] or 0))
    if match := _FRACTION.fullmatch(text):
        return _fraction(match)
    if match := _POWER.fullmatch(text):
        base, exponent = int(match["base"]), int(match["e1"] or match["e2"])
        small = abs(exponent) * len(match["base"]) <= MAX_EXPONENT
        return Fraction(base) ** exponent if small and (base or exponent > 0) else None
    return None


def _scaled(mantissa: str, exponent: int) -> Fraction | None:
    if abs(exponent) > MAX_EXPONENT:
        return None
    return _decimal(mantissa) * Fraction(10) ** exponent


def _repeating(match: re.Match[str]) -> Fraction:
    once, again = match["once"], match["again"] or match["round"] or match["shown"]
    start = Fraction(int(f"{match['whole']}{once}" or 0), 10 ** len(once))
    return start + Fraction(int(again), (10 ** len(again) - 1) * 10 ** len(once))


def _decimal(text: str) -> Fraction:
    text = text.replace(",", "").replace(" ", "")
    return Fraction(text if text[-1] != "." else text[:-1])


def _fraction(match: re.Match[str]) -> Fraction | None:
    above, below = _decimal(match["a"] or match["c"]), _decimal(match["b"] or match["d"])
    if below == 0:
        return None
    whole = match["whole"] or match["whole2"]
    if whole is None:
        return above / below
    return int(whole) + above / below if above >= 0 and below > 0 else None
