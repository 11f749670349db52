"""A second simulator of Turing machines, made otherwise: whole blocks of the tape at once."""

from __future__ import annotations

BLOCK = 12
"""Squares."""


def halting(text: str, limit: int) -> tuple[int, int] | None:
    """(steps, squares not blank) of a machine such as 1RB1LB_1LA1RZ; None beyond the limit.

    What a block does to a head that comes in at a side in a state is computed once: the block
    after it, the side and state it leaves with, and the steps. These are added up, so the count is
    exact.
    """
    table = [
        [(row[i], row[i + 1], row[i + 2]) for i in range(0, len(row), 3)] for row in text.split("_")
    ]
    blank = "0" * BLOCK
    known: dict[tuple[int, bool, str], tuple[str, bool, int, int]] = {}

    def through(state: int, from_left: bool, block: str) -> tuple[str, bool, int, int]:
        squares, at, steps = list(block), 0 if from_left else BLOCK - 1, 0
        while 0 <= at < BLOCK and state >= 0 and steps < limit:
            write, move, to = table[state][int(squares[at])]
            squares[at] = write if write != "-" else "1"
            at += -1 if move == "L" else 1
            state = ord(to) - ord("A") if to not in "ZH-" else -1
            steps += 1
        return "".join(squares), at > 0, state, steps

    left: list[str] = []
    right: list[str] = []
    here, state, from_left, steps = blank, 0, True, 0
    while steps <= limit:
        key = (state, from_left, here)
        if key not in known:
            known[key] = through(*key)
        here, to_right, state, more = known[key]
        steps += more
        if state < 0:
            tape = "".join((*left, here, *right))
            return (steps, BLOCK * (len(left) + len(right) + 1) - tape.count("0"))
        came, goes = (left, right) if to_right else (right, left)
        came.append(here)
        here = goes.pop() if goes else blank
        from_left = to_right
    return None
