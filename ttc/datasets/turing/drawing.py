"""Random machines that halt after so many steps, none of them twice.

A transition is drawn when the run from a blank tape first needs it (Brady's tree normal form), so
states and symbols are numbered by first use, and the machine halts where the run needs a transition
after as many steps as are wanted. Whether it halts is never in question.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

from ttc.datasets.turing.machine import (
    HALT,
    LEFT,
    RIGHT,
    Cell,
    Machine,
    Run,
    Transition,
    canonical,
    run,
)

_NODES = 2000  # of one search
_PATIENCE = 2000  # draws without a new machine, after which a level is held to be used up


@dataclass(frozen=True, slots=True)
class Level:
    """How large machines are, and after how many steps they halt."""

    states: int
    symbols: int
    low: int
    high: int


LEVELS = {
    1: Level(3, 2, 4, 9),
    2: Level(4, 2, 10, 19),
    3: Level(3, 3, 20, 39),
    4: Level(4, 3, 40, 79),
    5: Level(5, 3, 80, 159),
}
"""By difficulty; no two share a machine, since sizes or numbers of steps differ."""


def machines(level: Level, rng: random.Random) -> Iterator[tuple[Machine, Run]]:
    """Machines of a level, with their runs; it ends where no new one is found."""
    known: set[str] = set()
    tried = 0
    while tried < _PATIENCE:
        tried += 1
        machine = _drawn(level, rng)
        if machine is None:
            continue
        key, found = canonical(machine, level.high), run(machine, level.high)
        if found is None or key is None or key in known:
            continue
        known.add(key)
        tried = 0
        yield machine, found


class _Walk:
    """A run from a blank tape through a table that is not all drawn yet."""

    def __init__(self, table: dict[Cell, Transition], tape: dict[int, int]) -> None:
        self.table, self.tape = table, tape
        self.at = self.state = self.steps = 0

    @property
    def cell(self) -> Cell:
        return self.state, self.tape.get(self.at, 0)

    def with_next(self, transition: Transition) -> _Walk:
        """A walk of its own, with this transition where one is needed now."""
        walk = _Walk(self.table | {self.cell: transition}, dict(self.tape))
        walk.at, walk.state, walk.steps = self.at, self.state, self.steps
        return walk

    def onward(self, limit: int) -> bool:
        """Walk to where a transition that is not drawn is needed for one of so many steps."""
        while self.steps < limit:
            found = self.table.get(self.cell)
            if found is None:
                return True
            write, move, self.state = found
            self.tape[self.at] = write
            self.at += move
            self.steps += 1
        return False

    def choices(self, level: Level) -> list[Transition]:
        """What may be drawn now: names go on from those in use."""
        if not self.table:
            return [(write, RIGHT, 1) for write in (0, 1)]
        state = max(to for _, _, to in self.table.values())
        symbol = max(write for write, _, _ in self.table.values())
        states = range(min(state + 2, level.states))
        symbols = range(min(symbol + 2, level.symbols))
        return [(write, move, to) for write in symbols for move in (LEFT, RIGHT) for to in states]

    def uses_all(self, level: Level) -> bool:
        """Whether every state is entered; the last symbol may be for the halting step to write."""
        return max(to for _, _, to in self.table.values()) == level.states - 1


def _drawn(level: Level, rng: random.Random) -> Machine | None:
    """A machine of the level; None where a search of some length found none."""
    # Even on a scale of logarithms; else most would halt as soon as they may.
    wanted = int(math.exp(rng.uniform(math.log(level.low), math.log(level.high + 1))))
    walk = _search(_Walk({}, {}), level, wanted, rng, iter(range(_NODES)))
    return _filled(walk.table, level, rng) if walk else None


def _search(
    walk: _Walk, level: Level, wanted: int, rng: random.Random, nodes: Iterator[int]
) -> _Walk | None:
    """Depth first, in random order, to a walk that halts in `wanted` steps or a few more."""
    if next(nodes, None) is None or not walk.onward(level.high):
        return None
    if walk.steps + 1 >= wanted and walk.uses_all(level):
        return walk.with_next((rng.randrange(level.symbols), rng.choice((LEFT, RIGHT)), HALT))
    if len(walk.table) == level.states * level.symbols - 1:
        return None
    choices = walk.choices(level)
    rng.shuffle(choices)
    found = (_search(walk.with_next(one), level, wanted, rng, nodes) for one in choices)
    return next(filter(None, found), None)


def _filled(table: dict[Cell, Transition], level: Level, rng: random.Random) -> Machine:
    """With any transitions where the run needs none: which are used is for the solver to find."""
    return Machine(
        tuple(
            tuple(
                table.get((q, s))
                or (
                    rng.randrange(level.symbols),
                    rng.choice((LEFT, RIGHT)),
                    rng.randrange(level.states),
                )
                for s in range(level.symbols)
            )
            for q in range(level.states)
        )
    )
