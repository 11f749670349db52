r"""Leaves of an answer that are written in ways of their own.

Times (`7:30 PM`), numbers with their base (`2516_8`), number words (`twelve`) and values in two
units (`5 feet 6 inches`).
"""

import re
from fractions import Fraction

from ttc.answers.node import Node
from ttc.answers.numbers import Number, parse_number

_CLOCK = re.compile(
    r"(?P<h>\d{1,2})(?: ?[:.] ?(?P<m>[0-5]\d))? ?(?:\\text ?\{)? ?(?P<half>[aApP])\.? ?[mM]\.? ?\}?"
)
_BASE = re.compile(
    r"\(?(?P<digits>[0-9A-Za-z,]{1,300}(?:\.[0-9A-Za-z]{1,99})?)\)? ?"
    r"(?:_ ?\(?\{?[( ]*(?P<b1>\d{1,2})[) ]*\}?|_ ?\{? ?\\text ?\{ ?(?P<word>[a-z]{3,8}) ?\} ?\}?"
    r"|(?:\\text ?\{)? ?(?:in )?base ?\}? ?(?:\\text ?\{)?(?P<b2>\d{1,2}|[a-z]{3,8})\}?)"
)
_COMPOUND = re.compile(
    r"(\d[\d.]* ?[A-Za-z]{1,10}\.?)(?:,? and |, | )(\d[\d.]* ?[A-Za-z]{1,10}\.?)"
)
_NUMERALS = [
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen"),
    *("seventeen", "eighteen", "nineteen", "twenty"),
]  # fmt: skip


def read_number(text: str) -> Number | None:
    """A plain number, a number word, or a value in two units."""
    return parse_number(text) or _numeral(text) or _compound(text)


def leaf_of_kind(text: str) -> Node | None:
    """A time of day or a number with its base."""
    if match := _CLOCK.fullmatch(text):
        minutes = int(match["h"]) % 12 * 60 + int(match["m"] or 0)
        afternoon = 720 * (match["half"] in "pP")
        return Node("clock", str(minutes + afternoon), number=parse_number(match["h"]))
    return _in_base(text)


def _in_base(text: str) -> Node | None:
    """Digits with their base: `2516_8`, `1011_{two}`, `AB_{16}`, `101 base 2`."""
    match = _BASE.fullmatch(text)
    if match is None:
        return None
    named = match["b1"] or match["b2"] or match["word"]
    base = int(named) if named.isdigit() else _value_of(named)
    digits = match["digits"].replace(",", "").upper()
    if base is None or not 2 <= base <= 36 or (len(digits) == 1 and digits.isalpha()):
        return None
    if not digits[0].isalnum() or not all(d == "." or int(d, 36) < base for d in digits):
        return None
    return Node("base", f"{digits}_{base}")


def _value_of(word: str) -> int | None:
    return _NUMERALS.index(word.lower()) if word.lower() in _NUMERALS else None


def _numeral(text: str) -> Number | None:
    value = _value_of(text)
    return None if value is None else Number(Fraction(value))


def _compound(text: str) -> Number | None:
    """`5 feet 6 inches`, `1 hour and 30 minutes`, in the first of the units."""
    found = _COMPOUND.fullmatch(text)
    if found is None:
        return None
    whole, part = parse_number(found[1]), parse_number(found[2])
    if not whole or not part or not whole.unit or not part.unit:
        return None
    factor = part.unit.factor_to(whole.unit)
    if factor is None or not (whole.unit.known and part.unit.known):
        return None
    exact = Fraction(factor).limit_denominator(10**6)
    return Number(whole.value + part.value * exact, unit=whole.unit)
