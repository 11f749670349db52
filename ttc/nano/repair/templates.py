"""Small Python functions drawn from templates: names, constants and operators vary.

A template is a function whose words in capitals are drawn: `XS`, `A`, `I` ... are names, `K`, `L`,
`D` ... constants, `ORD`, `PM`, `AR` ... operators. Its first line tells what it is called with.
Lines that begin with `?` come all or none.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from ttc.nano.families.base import choose, pick
from ttc.nano.repair.lists import LISTS
from ttc.nano.repair.numbers import NUMBERS
from ttc.nano.repair.strings import STRINGS
from ttc.nano.repair.unseen import UNSEEN

Kind = Literal["known", "unseen"]

_LISTS = ("xs", "ys", "items", "nums", "vals", "data", "row")
_NUMBERS = ("n", "m", "k", "limit", "size", "top")
_ITEMS = ("x", "y", "v", "w", "e", "item")
_SUMS = ("total", "out", "acc", "res", "best", "count", "r", "t")
_PLACES = ("i", "j", "p", "q")
_TEXTS = ("s", "text", "word", "name")
_MARKS = ("c", "ch", "d")
_NAMES = {
    "F": ("f", "g", "h", "fn", "go"),
    **dict.fromkeys(("XS", "YS"), _LISTS),
    **dict.fromkeys(("N", "M", "P"), _NUMBERS),
    **dict.fromkeys(("X", "Y"), _ITEMS),
    **dict.fromkeys(("A", "B"), _SUMS),
    **dict.fromkeys(("I", "J"), _PLACES),
    **dict.fromkeys(("S", "T"), _TEXTS),
    "C": _MARKS,
}
# Drawn anew wherever they stand; the rest is drawn once for a function.
_OPERATORS = {
    "CMP": ("<", "<=", ">", ">=", "==", "!="),
    "ORD": ("<", "<=", ">", ">="),
    "EQ": ("==", "!="),
    "AR": ("+", "-", "*"),
    "PM": ("+", "-"),
    "MM": ("min", "max"),
    "AA": ("any", "all"),
    "BOOL": ("and", "or"),
    "IN": ("in", "not in"),
}
_VOWELS = ("aeiou", "aeo", "xyz", "abc", "bd", "eiu")
_SIGNS = ("*", "-", "_", ".")
_SLOT = re.compile(r"\b[A-Z][A-Z0-9]*\b")
LETTERS = "aabbcdeeox"


@dataclass(frozen=True)
class Template:
    """number: its place among the templates of its kind; takes: kinds of arguments."""

    kind: Kind
    number: int
    takes: tuple[str, ...]
    text: str


@cache
def templates(kind: Kind) -> tuple[Template, ...]:
    """Those that networks are trained on, or the others."""
    texts = LISTS + NUMBERS + STRINGS if kind == "known" else UNSEEN
    parts = [part.strip() for part in re.split(r"\n\n+", texts.strip())]
    return tuple(
        Template(kind, i, tuple(head[1:].split()), text)
        for i, part in enumerate(parts)
        for head, _, text in [part.partition("\n")]
    )


def draw_function(template: Template, rng: random.Random) -> tuple[str, ...]:
    """The lines of a function."""
    whole = rng.random() < 0.5
    lines = [
        line.replace("?", " ", 1) if line.startswith("?") else line
        for line in template.text.splitlines()
        if whole or not line.startswith("?")
    ]
    drawn = _constants(rng)

    def filled(match: re.Match[str]) -> str:
        slot = match[0]
        if slot in _OPERATORS:
            return str(choose(rng, _OPERATORS[slot]))
        if slot not in drawn:
            taken = set(drawn.values())
            drawn[slot] = choose(rng, [one for one in _NAMES[slot] if one not in taken])
        return drawn[slot]

    return tuple(_SLOT.sub(filled, "\n".join(lines)).splitlines())


def _constants(rng: random.Random) -> dict[str, str]:
    k, step, flag = 1 + pick(rng, 8), 2 + pick(rng, 2), rng.random() < 0.5
    numbers = {
        "K": k,
        "L": 1 + (k + pick(rng, 7)) % 9,
        "Z": pick(rng, 3),
        "LK": 1 + pick(rng, 2),
        "D": step,
        "R": pick(rng, 1),
        "K1": 1 + pick(rng, step - 2),
        "Q": 5 + pick(rng, 5),
    }
    words = {
        "TF": str(flag),
        "TG": str(not flag),
        "VOW": choose(rng, _VOWELS),
        "W": choose(rng, _SIGNS),
    }
    return {**{name: str(value) for name, value in numbers.items()}, **words}


def draw_arguments(template: Template, rng: random.Random) -> tuple[Any, ...]:
    """Arguments that the function can be called with."""
    return tuple(_DRAW[kind](rng) for kind in template.takes)


def _number(rng: random.Random) -> int:
    return pick(rng, 9) if rng.random() < 0.9 else -1 - pick(rng, 8)


def _list(rng: random.Random, least: int = 0) -> list[int]:
    found = [_number(rng) for _ in range(least + pick(rng, 5 - least))]
    if found and rng.random() < 0.2:
        found += found[: 1 + pick(rng, 1)]
    return found[::-1] + found if found and len(found) < 3 and rng.random() < 0.2 else found


def _text(rng: random.Random) -> str:
    found = "".join(choose(rng, LETTERS) for _ in range(pick(rng, 5)))
    if rng.random() < 0.15:
        return found[::-1] + found
    return found + choose(rng, ("()", ")(", "(a)", "7", "25")) if rng.random() < 0.2 else found


def _words(rng: random.Random) -> list[str]:
    return [
        "".join(choose(rng, LETTERS) for _ in range(1 + pick(rng, 5))) for _ in range(pick(rng, 4))
    ]


_DRAW: dict[str, Callable[[random.Random], Any]] = {
    "int": _number,
    "pos": lambda rng: 1 + pick(rng, 11),
    "big": lambda rng: pick(rng, 99) if rng.random() < 0.3 else 100 + pick(rng, 9899),
    "list": _list,
    "some": lambda rng: _list(rng, 1),
    "str": _text,
    "chr": lambda rng: choose(rng, LETTERS),
    "words": _words,
}
