"""Seeded repair problems: `(kind, seed, index, split)` -> a function with one faulty line.

Training and held-out problems of known templates are disjoint: a hash of the function as it should
be puts a fifth of all functions aside. Unseen templates are never trained on.

>>> draw("known", seed=0, index=0).kind
'known'
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ttc.nano.families.base import choose
from ttc.nano.prompts import numbered, repair_question
from ttc.nano.repair.faults import FaultKind, faults
from ttc.nano.repair.running import Outcome, compiled
from ttc.nano.repair.templates import Kind, Template, draw_arguments, draw_function, templates
from ttc.nano.tasks import Split, split_of

Call = tuple[tuple[Any, ...], Any]
"""Arguments and what they are to give."""
_LONGEST = 60  # characters of a call or a value
_TRIES = 60


@dataclass(frozen=True)
class Repair:
    """A function, right and with a fault. line: of the fault, counted from 1.

    failing: a call that the fault makes fail, and what came of it. right, wrong: both as calls.
    """

    id: str
    kind: Kind
    fault: FaultKind
    template: Template
    right: tuple[str, ...]
    broken: tuple[str, ...]
    line: int
    failing: Call
    outcome: Outcome

    @property
    def entry_point(self) -> str:
        return self.right[0].partition("(")[0].removeprefix("def ")

    @property
    def question(self) -> str:
        """What fails, then the function with its lines numbered."""
        arguments = ", ".join(map(repr, self.failing[0]))
        fails = f"{self.entry_point}({arguments}) {self.outcome.told()}, not {self.failing[1]!r}"
        return repair_question(fails, numbered(self.broken))

    @property
    def patch(self) -> str:
        """What a repair writes: the line's number and the line."""
        return f" {self.line}\nRewrite:{self.right[self.line - 1]}"


def draw(kind: Kind, seed: int, index: int, split: Split = "heldout") -> Repair:
    """The problem of this address."""
    rng = random.Random(f"repair/{kind}/{seed}/{index}/{split}")
    while True:
        template = choose(rng, templates(kind))
        right = draw_function(template, rng)
        if kind == "known" and split_of("repair", "\n".join(right)) != split:
            continue
        found = _broken(f"repair-{kind}-{seed}-{index}", template, right, rng)
        if found is not None:
            return found


def _broken(
    name: str, template: Template, right: tuple[str, ...], rng: random.Random
) -> Repair | None:
    """With a fault that some call shows; None where none is found in a few tries."""
    good = compiled(right)
    assert good is not None, right
    by_kind = faults(right)
    for _ in range(4):
        fault = choose(rng, by_kind[choose(rng, list(by_kind))])
        broken = (*right[: fault.line], fault.text, *right[fault.line + 1 :])
        bad = compiled(broken)
        shown = None if bad is None else _shown(template, good, bad, rng)
        if shown is not None:
            return Repair(
                name, template.kind, fault.kind, template, right, broken, fault.line + 1, *shown
            )
    return None


Runs = Callable[[Sequence[Any]], Outcome]


def _shown(
    template: Template, good: Runs, bad: Runs, rng: random.Random
) -> tuple[Call, Outcome] | None:
    for _ in range(12):
        arguments = draw_arguments(template, rng)
        wanted, got = good(arguments), bad(arguments)
        short = max(len(repr(arguments)), len(repr(wanted.value)), len(repr(got.value))) < _LONGEST
        if not wanted.raised and short and not wanted.same(got):
            return (arguments, wanted.value), got
    return None


def calls(problem: Repair, count: int, salt: str) -> list[Call]:
    """Distinct calls that the right function answers, other than the one that is shown failing."""
    rng = random.Random(f"{problem.id}/{salt}")
    good = compiled(problem.right)
    assert good is not None
    found: dict[str, Call] = {repr(problem.failing[0]): problem.failing}
    for _ in range(count * _TRIES):
        if len(found) > count:
            break
        arguments = draw_arguments(problem.template, rng)
        wanted = good(arguments)
        if not wanted.raised and len(repr(wanted.value)) < 1000:
            found.setdefault(repr(arguments), (arguments, wanted.value))
    return list(found.values())[1:]


@dataclass(frozen=True)
class Exam:
    """A problem with its tests: public ones, of which the first is the failing call that the
    question shows, and hidden ones, of which none is public and some the fault makes fail.
    """

    problem: Repair
    public: tuple[Call, ...]
    hidden: tuple[Call, ...]

    @property
    def gold(self) -> str:
        """The hidden tests as a gold answer."""
        return json.dumps({"entry_point": self.problem.entry_point, "tests": written(self.hidden)})


def written(some: Sequence[Call]) -> list[list[Any]]:
    """Tests as plain data: [arguments, value]."""
    return [[list(arguments), value] for arguments, value in some]


def exams(
    kind: Kind, seed: int, public: int, hidden: int, split: Split = "heldout"
) -> Iterator[Exam]:
    """Endless; functions that can't be called in so many ways have fewer tests, and those whose
    fault no hidden test shows are left out.
    """
    for index in itertools.count():
        made = draw(kind, seed, index, split)
        more = calls(made, public - 1 + hidden, "tests")
        shown = min(public - 1, len(more) // 3)
        broken = compiled(made.broken)
        assert broken is not None
        if any(not broken(a).same(Outcome(value)) for a, value in more[shown:]):
            yield Exam(made, (made.failing, *more[:shown]), tuple(more[shown:]))
