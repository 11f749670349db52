"""One fault in one line of a function: all that can be, by kind."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

FaultKind = Literal["operator", "off-by-one", "variable", "constant", "missing", "function"]
KINDS: tuple[FaultKind, ...] = (
    "operator",
    "off-by-one",
    "variable",
    "constant",
    "missing",
    "function",
)
_SWAPS = {
    "<": ("<=", ">"),
    "<=": ("<", ">="),
    ">": (">=", "<"),
    ">=": (">", "<="),
    "==": ("!=",),
    "!=": ("==",),
    "+": ("-", "*"),
    "-": ("+",),
    "*": ("+", "//"),
    "//": ("*", "%"),
    "%": ("//",),
    "+=": ("-=", "="),
    "-=": ("+=",),
    "*=": ("+=",),
    "//=": ("-=", "%="),
    "and": ("or",),
    "or": ("and",),
}
_FUNCTIONS = {
    "min": ("max",),
    "max": ("min",),
    "any": ("all",),
    "all": ("any",),
    "sum": ("len",),
    "True": ("False",),
    "False": ("True",),
    "upper": ("lower",),
    "append": ("remove",),
    "continue": ("break",),
    "break": ("continue",),
}
_TOKEN = re.compile(r'"[^"]*"|[A-Za-z_]\w*|\d+|//=|[-+*/<>=!%]=|//|\S')
_WORDS = frozenset(
    (
        *keyword.kwlist,
        *("range", "len", "zip", "enumerate", "sorted", "list", "abs", "str", "int", "ord", "sum"),
        *("min", "max", "any", "all", "append", "insert", "get", "upper", "lower", "isdigit"),
    )
)
_PARTS = (
    (re.compile(r" (?:and|or) [^:]+(?=:$)"), ""),
    (re.compile(r"(?<=if )[^:]+? (?:and|or) (?=.*:$)"), ""),
    (re.compile(r"(?<=while )[^:]+? (?:and|or) (?=.*:$)"), ""),
    (re.compile(r"\babs(?=\()"), ""),
    (re.compile(r"\bnot "), ""),
    (re.compile(r" [-+*] (?:\d|[a-z]+)$"), ""),
    (re.compile(r"\.upper\(\)$|\[::-1\]$"), ""),
    (re.compile(r"\belif [^:]+(?=:$)"), "else"),
    (re.compile(r"(?<=for )(.+) if .+(?=\]$)"), r"\1"),
)


class Fault(NamedTuple):
    """line: counted from 0; text: how it reads with the fault."""

    kind: FaultKind
    line: int
    text: str


def faults(lines: Sequence[str]) -> dict[FaultKind, list[Fault]]:
    """Every fault that a line but the first can have; some change nothing of what it does."""
    found: dict[FaultKind, list[Fault]] = {kind: [] for kind in KINDS}
    names = _names(lines)
    for i, line in enumerate(lines):
        if i:
            for kind, text in _changes(line, names):
                if text != line:
                    found[kind].append(Fault(kind, i, text))
    return {kind: some for kind, some in found.items() if some}


def _names(lines: Sequence[str]) -> list[str]:
    """Of the function's variables, in the order in which they first stand."""
    words = [t for line in lines for t in _TOKEN.findall(line) if t[0].isalpha()]
    return [name for name in dict.fromkeys(words) if name not in _WORDS][1:]


def _changes(line: str, names: Sequence[str]) -> Iterator[tuple[FaultKind, str]]:
    for match in _TOKEN.finditer(line):
        for kind, word in _instead(match[0], names):
            yield kind, line[: match.start()] + word + line[match.end() :]
    yield from _shifted(line)
    for pattern, instead in _PARTS:
        yield "missing", pattern.sub(instead, line, count=1)


def _instead(token: str, names: Sequence[str]) -> Iterator[tuple[FaultKind, str]]:
    for word in _SWAPS.get(token, ()):
        yield "operator", word
    for word in _FUNCTIONS.get(token, ()):
        yield "function", word
    if token.isdigit():
        for value in (int(token) + 1, int(token) - 1, 1 - int(token)):
            if 0 <= value <= 10:
                yield "constant", str(value)
    elif token in names:
        for name in names:
            if name != token:
                yield "variable", name


_BOUND = re.compile(r"(?<=[(\[ ])(len\(\w+\)|[a-z]+|\d)(?=\)|\]|, \w+\))")


def _shifted(line: str) -> Iterator[tuple[FaultKind, str]]:
    """One more or less in a range, an index or a slice."""
    if "range(" not in line and "[" not in line:
        return
    for match in re.finditer(r" [-+] 1(?=[\])])", line):
        yield "off-by-one", line[: match.start()] + line[match.end() :]
    for match in _BOUND.finditer(line):
        if match[1].isdigit():
            continue
        for sign in ("+", "-"):
            yield "off-by-one", f"{line[: match.end()]} {sign} 1{line[match.end() :]}"
