r"""Sums and products of matrices of numbers, worked out: `A + B`, `A B`, `A \cdot B`."""

from __future__ import annotations

import re
from fractions import Fraction

from ttc.answers.numbers import parse_number

_ONE = re.compile(
    r"\\begin ?\{(?P<kind>[pb]matrix)\}(?P<body>[^&\\]*(?:(?:&|\\(?!end))[^&\\]*)*)"
    r"\\end ?\{(?P=kind)\}"
)
_SIGN = re.compile(r"\s*(?P<sign>[-+]|\\cdot|\\times|\*)?\s*")
_MOST = 12  # rows, columns, matrices
Matrix = list[list[Fraction]]


def worked_out(text: str) -> str:
    """The text with what it comes to, where it is matrices and signs between them; else itself."""
    terms: list[Matrix] = []
    at = 0
    for count in range(_MOST):
        sign = _SIGN.match(text, at)
        assert sign is not None  # all of it is optional
        found = _ONE.match(text, sign.end())
        if found is None or (count == 0 and sign["sign"]):
            break
        matrix = _read(found["body"])
        if matrix is None or not _take(terms, sign["sign"] or "", matrix):
            return text
        at = found.end()
    return _spelled(terms) if at and not text[at:].strip() and len(terms) else text


def _take(terms: list[Matrix], sign: str, matrix: Matrix) -> bool:
    """Multiply it to the last term, or add it as one. False where the sizes do not fit."""
    if not terms or sign in ("+", "-"):
        terms.append([[-x for x in row] for row in matrix] if sign == "-" else matrix)
        return (len(matrix), len(matrix[0])) == (len(terms[0]), len(terms[0][0]))
    last = terms.pop()
    if len(last[0]) != len(matrix):
        return False
    columns = list(zip(*matrix, strict=True))
    terms.append(
        [[sum(x * y for x, y in zip(row, c, strict=True)) for c in columns] for row in last]
    )
    return True


def _read(body: str) -> Matrix | None:
    rows = [row.split("&") for row in re.split(r"\\\\", body) if row.strip()]
    if not rows or len(rows) > _MOST or len(rows[0]) > _MOST or len({len(r) for r in rows}) != 1:
        return None
    read = [[parse_number(cell.strip()) for cell in row] for row in rows]
    numbers = [[cell.value for cell in row if cell is not None] for row in read]
    return numbers if all(len(n) == len(rows[0]) for n in numbers) else None


def _spelled(terms: list[Matrix]) -> str:
    rows = [
        " & ".join(f"{sum(cells)}" for cells in zip(*row, strict=True))
        for row in zip(*terms, strict=True)
    ]
    return r"\begin{pmatrix}" + r" \\ ".join(rows) + r"\end{pmatrix}"
