"""Turing machines on a two-way infinite tape: their text, their runs, and when two are the same.

The text is that of the Busy Beaver literature: states in the order A, B, ... with `_` between them,
of each a transition for each symbol read, in order: what is written, L or R, and the next state,
where Z (or H) halts. `---` was never defined; where it is reached the machine halts, by convention
as with 1RZ. The step into the halting state counts, so 1RB1LB_1LA1RZ takes 6 steps (Rado 1962).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

HALT = -1
LEFT, RIGHT = -1, 1
Cell = tuple[int, int]
"""(state, symbol read)."""
Transition = tuple[int, int, int]
"""(symbol written, LEFT or RIGHT, next state or HALT)."""

_TRANSITION = re.compile(r"(\d)([LR])([A-Z])|---")
_HALTS = "ZH"


@dataclass(frozen=True, slots=True)
class Machine:
    """A transition for each (state, symbol): `table[state][symbol]`, None where undefined."""

    table: tuple[tuple[Transition | None, ...], ...]

    @property
    def states(self) -> int:
        return len(self.table)

    @property
    def symbols(self) -> int:
        return len(self.table[0])

    def __str__(self) -> str:
        return "_".join("".join(map(spelled, row)) for row in self.table)


@dataclass(frozen=True, slots=True)
class Run:
    """A run that halted: after how many steps, with how many squares not blank, and the cells of
    the table that it used, in the order of first use.
    """

    steps: int
    ones: int
    used: tuple[Cell, ...]


def letter(state: int) -> str:
    """A, B, ...; Z where it halts."""
    return "Z" if state == HALT else chr(ord("A") + state)


def spelled(transition: Transition | None) -> str:
    """`1RB`; `---` where undefined."""
    if transition is None:
        return "---"
    write, move, state = transition
    return f"{write}{'R' if move == RIGHT else 'L'}{letter(state)}"


def parsed(text: str) -> Machine:
    """The machine of a text. Raises ValueError where it is none."""
    rows = [list(_TRANSITION.finditer(row)) for row in text.split("_")]
    whole = "_".join("".join(match[0] for match in row) for row in rows) == text
    if not whole or len({len(row) for row in rows}) != 1 or not rows[0]:
        raise ValueError(f"no Turing machine: {text[:60]!r}; they look like 1RB1LB_1LA1RZ")
    machine = Machine(tuple(tuple(map(_transition, row)) for row in rows))
    for write, _, state in filter(None, (one for row in machine.table for one in row)):
        if write >= machine.symbols or state >= machine.states:
            raise ValueError(f"{text[:60]!r} names a state or a symbol that it does not have")
    return machine


def _transition(match: re.Match[str]) -> Transition | None:
    if match[0] == "---":
        return None
    state = HALT if match[3] in _HALTS else ord(match[3]) - ord("A")
    return int(match[1]), RIGHT if match[2] == "R" else LEFT, state


def run(machine: Machine, limit: int) -> Run | None:
    """From a blank tape, in state A; None where it has not halted after `limit` steps."""
    tape: dict[int, int] = {}
    used: dict[Cell, None] = {}
    at = state = 0
    for step in range(1, limit + 1):
        symbol = tape.get(at, 0)
        used[(state, symbol)] = None
        write, move, state = machine.table[state][symbol] or (1, RIGHT, HALT)
        tape[at] = write
        at += move
        if state == HALT:
            return Run(step, sum(map(bool, tape.values())), tuple(used))
    return None


def canonical(machine: Machine, limit: int) -> str | None:
    """One text for all machines that differ only in the names of states and of symbols other than
    blank, in left and right, or in transitions that are never used; None where it has not halted
    after `limit` steps.

    States are numbered as they are first entered, symbols as they are first written, and the first
    move is to the right.
    """
    found = run(machine, limit)
    if found is None:
        return None
    transitions = [machine.table[q][s] or (1, RIGHT, HALT) for q, s in found.used]
    flip = transitions[0][1]
    states, symbols = _Names(), _Names()
    written: dict[Cell, Transition] = {}
    for (q, s), (write, move, state) in zip(found.used, transitions, strict=True):
        cell = (states[q], symbols[s])
        to = HALT if state == HALT else states[state]
        written[cell] = (symbols[write], move * flip, to)
    size = range(machine.states), range(machine.symbols)
    return str(Machine(tuple(tuple(written.get((q, s)) for s in size[1]) for q in size[0])))


class _Names(dict[int, int]):
    """Numbers in the order in which they are first asked for; 0, which is first, stays 0."""

    def __init__(self) -> None:
        super().__init__({0: 0})
        self._next: Iterator[int] = count(1)

    def __missing__(self, key: int) -> int:
        self[key] = next(self._next)
        return self[key]
