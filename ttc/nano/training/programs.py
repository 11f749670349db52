"""GenPRM's small programs: what a line should compute, in words, as an expression and as Python."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ttc.nano.families import FAMILIES
from ttc.nano.tasks import NanoProblem

_LINE = {
    "arithmetic": re.compile(r"(\d{1,4})([-+*/])(\d{1,4})=(\d{1,5})"),
    "modular": re.compile(r"(\d{1,4})([+*])(\d{1,4})=(\d{1,5})>(\d{1,5})"),
    "order": re.compile(r"([A-Z][a-z]+)>([A-Z][a-z]+)"),
}
_WORD = re.compile(r'"([A-Za-z>]{1,20})"')
_SUM = re.compile(r"\(?(\d{1,6})(?:(//|[-+*])(\d{1,6}))?\)?(?:%(\d{1,6}))?")
_WHY = {
    "come": "More come",
    "lost": "Some are lost",
    "double": "They double",
    "triple": "They triple",
    "half": "Half are sold",
    "more": "The next has more",
    "fewer": "The next has fewer",
}
# An inverse statement is told as the grader understood it.
_UNDERSTOOD = {
    "+": "The next has more",
    "-": "The next has fewer",
    "*": "The next has twice",
    "/": "The next has half",
}


@dataclass(frozen=True)
class Program:
    """A check of one line: why it is this expression, and what the program prints."""

    why: str
    expression: str
    program: str
    output: str


def is_line(family: str, line: str) -> bool:
    """Whether a step is written as the family writes steps."""
    return _LINE[family].fullmatch(line) is not None


def program_of(problem: NanoProblem, i: int, own: str) -> Program:
    """The program of step i as the grader would work it out; the answer line prints its value."""
    if i == FAMILIES[problem.family].count(problem.spec):
        last = own.rpartition(" ")[2].rstrip(".")
        return Program("The last result", last, last if last.isdigit() else f'"{last}"', last)
    match = _LINE[problem.family].fullmatch(own)
    assert match is not None, own
    if problem.family == "order":
        return Program("The next is shorter", own, f'"{own}"', own)
    sign, expression = match[2], f"{match[1]}{match[2]}{match[3]}"
    if problem.family == "modular":
        why = "Times" if sign == "*" else "Plus"
        product = expression if sign == "*" else f"({expression})"
        code = f"{expression}, {product}%{problem.spec['p']}"
    else:
        why = _WHY.get(problem.spec["ops"][i][0], _UNDERSTOOD[sign])
        code = expression.replace("/", "//")
    return Program(why, expression, code, printed(f"print({code})\n```"))


def printed(text: str) -> str:
    """What the program in a text prints, if it is one of those above, else the name of an error.

    Each argument is a word in quotes or a sum of two whole numbers, perhaps with a remainder.
    """
    code = text.partition("print(")[2].partition(")\n```")[0]
    out = []
    for argument in code.split(", "):
        if (word := _WORD.fullmatch(argument)) is not None:
            out.append(word[1])
        elif (match := _SUM.fullmatch(argument)) is None:
            return "SyntaxError"
        else:
            value = _operate(int(match[1]), match[2] or "+", int(match[3] or 0))
            if value is None or match[4] == "0":
                return "ZeroDivisionError"
            out.append(str(value % int(match[4]) if match[4] else value))
    return " ".join(out)


def _operate(a: int, sign: str, b: int) -> int | None:
    if sign in ("/", "//"):
        return a // b if b else None
    return {"+": a + b, "-": a - b, "*": a * b}[sign]


def confirms(problem: NanoProblem, i: int, line: str, program: Program, output: str) -> bool:
    """Whether a line claims just what the program computed, from the same expression."""
    if i == FAMILIES[problem.family].count(problem.spec) or problem.family == "order":
        return line.rpartition(" ")[2].rstrip(".") == output
    return line == f"{program.expression}={output.replace(' ', '>')}"
