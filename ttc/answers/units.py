r"""Units and counted things behind a value, split off before the value is compared.

A unit is what the units library pint knows, in a place where a unit can stand: behind a number or
a closed expression, never alone. What pint does not know counts as a thing that was counted
(`5 apples`) if it is a word; letters that read as a product (`6 xy`, `24ab`) are mathematics.
Units matter only between two answers that both name one: 5 m is 5, and 500 cm, but not 5 cm.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

_BRACED = r"(?P<braced>(?:[^{}]|\^ ?\{ ?-?\d ?\}){0,80})"
_GREEK = (
    r"(?P<greek>(?:\\text ?\{ ?[kMGm] ?\}|[kMGm])? ?\\Omega"
    r"|\\mu ?(?:\\text ?\{ ?)?[A-Za-z]{1,3} ?\}?)"
)
_TOKEN = rf"(?:{_GREEK}|\\text ?\{{{_BRACED}\}}|(?P<bare>°[CFK]?|\\?%|[A-Za-z]{{1,24}}\.?)|\\circ)"
_POWER = r"(?: ?(?:\^|\*\*) ?(?:\{ ?-?\d ?\}|-?\d)|(?<=[a-z])[23])?"
_LAST = re.compile(rf"(?P<joint>[ /*]*|[ ]*\\cdot ?){_TOKEN}{_POWER}$")
_WORD = re.compile(r"[A-Za-z]+")
_TRIGONOMETRY = re.compile(r"(?:sin|cos|tan|cot|sec|csc|cis)(?![A-Za-z])")
_SI = frozenset("msgNJWVKAChL")  # one letter alone is else a variable
_PREFIXES = frozenset(
    ["", "kilo", "centi", "milli", "micro", "nano", "mega", "giga", "deci", "tera"]
)
_NEVER = frozenset(["cd", "ac", "st", "pt", "qt", "am", "pm", "unit", "units"])
_COUNTED = frozenset(["sq", "cu", "unit", "units", "pt", "qt", "st"])
_VOWELS = frozenset("aeiou")
FUNCTIONS = frozenset(
    [
        *("pi", "tau", "alpha", "beta", "gamma", "delta", "theta", "phi", "inf", "infinity"),
        *("sqrt", "sin", "cos", "tan", "cot", "sec", "csc", "log", "ln", "exp", "mod", "choose"),
        *("sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "arccot", "lg", "max", "min"),
        *("gcd", "lcm", "det", "lim", "arg", "infty", "root", "cbrt", "abs", "floor", "ceil"),
        *(
            "cis",
            "coth",
            "asin",
            "acos",
            "atan",
            "lambda",
            "sigma",
            "omega",
            "epsilon",
            "rho",
            "mu",
        ),
    ]
)
_JOINS = frozenset(
    [*("or", "and", "to", "over", "plus", "minus", "times", "by", "if", "for", "all", "not"), "mod"]
)
_CLOCK = frozenset(["am", "pm", "a.m", "p.m", "noon", "midnight"])


@dataclass(frozen=True, slots=True)
class Unit:
    """What stood behind a value: pint's unit names with powers, if it knows all of them."""

    words: str
    known: tuple[tuple[str, int], ...] = ()

    def factor_to(self, other: "Unit") -> float | None:
        """By what to multiply a value in this unit to have it in the other; None if they differ.

        1 where either is no unit that pint knows.
        """
        if not self.known or not other.known or self.known == other.known:
            return 1.0
        return _factor(self.known, other.known)


def is_product(letters: str) -> bool:
    """Whether letters in a row read as a product of variables: `xy`, `abc`, `XYZ`, `pqr`.

    So do two letters, letters in the order of the alphabet and letters without a vowel; a letter o
    does not occur among variables, and a word with a capital (`Sky`) is a word.
    """
    if len(letters) == 1:
        return True
    if "o" in letters.lower() or letters.lower() in FUNCTIONS or len(letters) > 5:
        return False
    if letters[0].isupper() and letters[1:].islower():
        return False
    if letters.isupper() and len(letters) > 2:
        return False  # ABC are points, TTF are throws: their order matters
    rising = all(a < b for a, b in pairwise(letters))
    return len(letters) == 2 or rising or not _VOWELS.intersection(letters.lower())


def split_unit(text: str) -> tuple[str, Unit | None]:
    r"""`25\pi \text{ cm}^2` to (`25\pi`, cm²); (text, None) where nothing at the end is a unit."""
    body = text
    words: list[str] = []
    while (match := _LAST.search(body)) and len(words) < 8 and match.start() > 0:
        if not _is_unit(match, body):
            break
        words.append(body[match.start() :])
        body = body[: match.start()].rstrip()
    body = body.rstrip(" *").removesuffix("\\cdot").rstrip()
    if not words or not _can_carry(body, "text" in words[-1]) or body.count("{") != body.count("}"):
        return text, None
    tail = "".join(reversed(words))
    return body, Unit(" ".join(tail.split()), _known(tail))


def _is_unit(match: re.Match[str], body: str) -> bool:
    before = body[: match.start()]
    if match["greek"] is not None:
        return "mu" not in match["greek"] or bool(_pint_name(_ascii(match["greek"])))
    if match["braced"] is not None:
        found = _WORD.findall(match["braced"])
        if len(found) == 1 and len(found[0]) == 1 and found[0].isupper():
            return True
        return not _clock(match["braced"]) and all(_is_unit_word(w, True) for w in found)
    token = (match["bare"] or "°").rstrip(".")
    if token[0] == "°" or token == "\\circ":
        return not _TRIGONOMETRY.search(before)  # there a degree is a number: sin 30°
    if "%" in token or _clock(token):
        return False
    # `5m`, `10km` touch their number; a counted thing has a space before it.
    spaced = bool(match["joint"])
    return (spaced or before[-1:].isdigit() or before.endswith("°")) and _is_unit_word(
        token, spaced
    )


def _ascii(greek: str) -> str:
    r"""`\mu m` as pint's `um`, `k\Omega` as `kohm`."""
    bare = re.sub(r"\\text|[{} ]", "", greek)
    return bare.replace("\\mu", "u").replace("\\Omega", "ohm")


def _clock(text: str) -> bool:
    return text.strip(" .").lower() in _CLOCK


def _is_unit_word(word: str, spaced: bool) -> bool:
    lower = word.lower()
    if (lower in FUNCTIONS and lower != "min") or lower in _JOINS - {"by"}:
        return False
    if len(word) == 1:
        return word in _SI or (spaced and word.isupper() and bool(_pint_name(word)))
    if _pint_name(word):
        return True
    return spaced and (lower in _COUNTED or not is_product(word))


def _can_carry(body: str, marked: bool) -> bool:
    """Whether a unit can stand behind it: a value that ends in a number or is closed."""
    last = body[-1:]
    if marked:  # \text{...} says itself that it is no factor
        return bool(last) and (last.isalnum() or last in ")}]|!%°.")
    closed = last.isdigit() or last in ")}]|!%°." or body.endswith(("\\pi", " e", " i"))
    return closed and bool(re.search(r"\d|\\pi|\\sqrt", body))


@lru_cache(maxsize=4096)
def _pint_name(word: str) -> str:
    """Pint's name of a unit in common use, with its prefix; empty if there is none."""
    if word in _NEVER or (len(word) == 1 and word.islower() and word not in _SI):
        return ""
    for spelling in dict.fromkeys((word, word.lower() if len(word) > 3 else word)):
        for prefix, name, _ in registry().parse_unit_name(spelling):
            if prefix in _PREFIXES and "constant" not in name and name != "speed_of_light":
                return str(prefix + name)
    return ""


def _known(tail: str) -> tuple[tuple[str, int], ...]:
    """Units and powers of `km/h`, `m s^{-2}`, `square feet`; empty where one is not pint's."""
    powers: dict[str, int] = {}
    sign, raised = 1, 1
    plain = re.sub(_GREEK.replace("?P<greek>", "?:"), lambda m: _ascii(m[0]), tail)
    plain = re.sub(r"\\text|\\cdot|[{}.]", " ", plain).replace("\\circ", "°")
    found = re.findall(r"/|[A-Za-z]+(?: *\^ *-?\d|[23])?|°[CFK]?", plain)
    for token in found:
        word = (_WORD.match(token) or re.match(".*", token) or [""])[0]
        if token in ("/", "per"):
            sign = -1
        elif word.lower() in ("square", "sq", "cubic", "cu"):
            raised = 3 if word.lower().startswith("cu") else 2
        else:
            name = "degree" if word == "°" else _pint_name(word)
            if not name:
                return ()
            digits = re.search(r"-?\d$", token)
            powers[name] = powers.get(name, 0) + sign * (int(digits[0]) if digits else raised)
            raised = 1
    return tuple(sorted(powers.items()))


@lru_cache(maxsize=1024)
def _factor(mine: tuple[tuple[str, int], ...], other: tuple[tuple[str, int], ...]) -> float | None:
    import pint

    left, right = _pint(mine), _pint(other)
    try:
        zero, one = (registry().Quantity(v, left).to(right).magnitude for v in (0.0, 1.0))
        return float(one) if zero == 0 else None  # 2 °C is not twice 1 °C in kelvins
    except (pint.errors.PintError, ArithmeticError, ValueError):
        return None


def pint_unit(unit: Unit | None) -> Any:
    """Pint's unit object; None where there is none, or one that pint does not know."""
    return _pint(unit.known) if unit and unit.known else None


def _pint(known: tuple[tuple[str, int], ...]) -> Any:
    whole = registry().Unit("dimensionless")
    for name, power in known:
        whole = whole * registry().Unit(name) ** power
    return whole


@lru_cache(maxsize=1)
def registry() -> Any:
    """The units of pint."""
    import pint

    return pint.UnitRegistry(cache_folder=None)
