"""What an attempt has asked and got: by branch while it goes on, one list of rows at its end.

Branches may be under way side by side, in an order that no run repeats. So nothing is numbered for
the tables before the end, when branches are gone through in the order of their places.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np

from ttc.attempt.numbers import Numbers
from ttc.core import (
    AnswerTrace,
    Model,
    ModelIdentity,
    Place,
    Problem,
    SampleTrace,
    Solution,
    Spent,
    Verification,
)
from ttc.errors import UsageError


@dataclass
class Record:
    """Of one attempt, whichever of its parts did it.

    asked: the model of each sample; refused: places in the budget that closed; made_of: by solution, the numbers of
    its samples; judged: by verifier and solution, how many verifications there are.
    """

    problem: Problem
    seed: int
    repeat: int = 0
    asked: list[ModelIdentity] = field(default_factory=list)
    solutions: dict[int, Solution] = field(default_factory=dict)
    made_of: dict[int, tuple[int, ...]] = field(default_factory=dict)
    refused: set[Place] = field(default_factory=set)
    judged: Counter[tuple[str, int]] = field(default_factory=Counter)
    root: Branch = field(init=False)

    def __post_init__(self) -> None:
        self.root = Branch(self, ())

    def dissolve(self) -> None:
        """Nothing more is asked of it. It and its branches refer to each other in circles, which
        would stay until the garbage collector comes, and that comes seldom while calls are under
        way.
        """
        for branch in [*self.root.tree()]:
            branch.branches = []
        del self.root

    def number(self, model: Model) -> int:
        """Of a new sample."""
        self.asked.append(model.identity)
        return len(self.asked) - 1

    def trace(self) -> list[SampleTrace]:
        """All samples, numbered anew, with their fates."""
        found = self._in_order_sampled()
        number = {sample.number: i for i, sample in enumerate(found)}
        parents = {sample.number: sample.after for sample in found}
        kept: set[int | None] = {None}
        for one in (n for numbers in self.made_of.values() for n in numbers):
            place: int | None = one
            while place not in kept:
                kept.add(place)
                place = parents.get(place) if place is not None else None
        return [
            replace(
                sample,
                number=number[sample.number],
                after=None if sample.after is None else number.get(sample.after),
                fate="kept" if sample.number in kept else sample.fate,
            )
            for sample in found
        ]

    def verifications(self) -> list[Verification]:
        """All judgements, branch by branch."""
        return [one for branch in self.root.tree() for one in branch.verifications]

    def answers(self) -> list[AnswerTrace]:
        """All answers so far, branch by branch; the attempt's last one is final."""
        found = [one for branch in self.root.tree() for one in branch.answers]
        last = self.root.answers[-1:]
        return [replace(a, number=i, final=a in last) for i, a in enumerate(found)]

    def settle(self, returned: Sequence[Solution]) -> list[Solution]:
        """The solutions to be stored, numbered by their places: those that a method returned, then
        others that it answered with or had judged. What was noted of them follows.
        """
        spoken = {a.solution_index for b in self.root.tree() for a in b.answers}
        spoken |= {v.solution_index for v in self.verifications()}
        first = [s.index for s in returned]
        rest = [i for i in self._in_order() if i in spoken and i not in set(first)]
        known = {s.index: s for s in returned} | {i: self.solutions[i] for i in rest}
        new = {old: i for i, old in enumerate([*first, *rest])}
        if any(old != i for old, i in new.items()) or len(new) < len(self.made_of):
            self._renumber(new)
        self.solutions = {}
        return [replace(known[old], index=i) if old != i else known[old] for old, i in new.items()]

    def with_samples(self, solutions: Sequence[Solution]) -> list[Solution]:
        """The stored solutions with the numbers of their samples, as `trace` has them."""
        number = {s.number: i for i, s in enumerate(self._in_order_sampled())}
        found = []
        for one in solutions:
            of = [number[n] for n in self.made_of.get(one.index, ()) if n in number]
            found.append(replace(one, first_sample=min(of), last_sample=max(of)) if of else one)
        return found

    def _in_order_sampled(self) -> list[SampleTrace]:
        return [sample for branch in self.root.tree() for sample in branch.samples]

    def _in_order(self) -> list[int]:
        return [index for branch in self.root.tree() for index in branch.solved]

    def _renumber(self, new: Mapping[int, int]) -> None:
        self.made_of = {new[old]: of for old, of in self.made_of.items() if old in new}
        self.judged = Counter(
            {(who, new[old]): n for (who, old), n in self.judged.items() if old in new}
        )
        for branch in self.root.tree():
            branch.verifications = [
                replace(v, solution_index=new[v.solution_index]) for v in branch.verifications
            ]
            branch.answers = [
                replace(a, solution_index=new[a.solution_index]) for a in branch.answers
            ]


@dataclass
class Branch:
    """A line of an attempt, whose requests come one after the other. path: `()` for the whole."""

    record: Record
    path: tuple[int, ...]
    above: Branch | None = None
    branches: list[Branch] = field(default_factory=list)
    samples: list[SampleTrace] = field(default_factory=list)
    verifications: list[Verification] = field(default_factory=list)
    answers: list[AnswerTrace] = field(default_factory=list)
    solved: list[int] = field(default_factory=list)
    computed: set[bytes] = field(default_factory=set)
    under_way: bool = False
    before: Spent = field(default_factory=Spent)
    own: Spent = field(default_factory=Spent)
    clock: float = 0.0  # seconds along the longest line that leads here

    def __post_init__(self) -> None:
        record = self.record
        text = f"{record.seed} {record.problem.id}"
        text += f" {record.repeat}" if record.repeat else ""
        text += f" {self.name}" if self.path else ""
        digest = hashlib.blake2b(
            text.encode("utf-8", "surrogatepass"), digest_size=16, person=b"ttc-attempt"
        ).digest()
        self.rng = np.random.default_rng(int.from_bytes(digest, "big"))
        self.numbers = Numbers(record.repeat, self.path)

    @property
    def name(self) -> str:
        return ".".join(map(str, self.path))

    def tree(self) -> Iterator[Branch]:
        """This branch, and all below it in order."""
        yield self
        for branch in self.branches:
            yield from branch.tree()

    def mark(self) -> tuple[Numbers, frozenset[bytes]]:
        """What the next numbers are, and what is computed by now, to `resume` from."""
        return self.numbers.copy(), frozenset(self.computed)

    def resume(self, mark: tuple[Numbers, frozenset[bytes]]) -> None:
        """Go on from there, as if nothing had been asked since: for those who work side by side."""
        self.numbers, self.computed = mark[0].copy(), set(mark[1])

    def has(self, prompt: bytes) -> bool:
        """Whether a prompt was computed on the way here."""
        return prompt in self.computed or (self.above is not None and self.above.has(prompt))

    def split(self, number: int) -> list[Branch]:
        """So many branches more."""
        begun, spent = len(self.branches), self.spent()
        new = [Branch(self.record, (*self.path, begun + i), self) for i in range(number)]
        for branch in new:
            branch.before, branch.clock = spent, self.now()
        self.branches += new
        return new

    def use(self, samples: Sequence[SampleTrace]) -> None:
        """Samples that came of one request."""
        self.samples += samples
        self.clock = self.now() + max((s.seconds for s in samples), default=0.0)
        self.own = _sum(
            self.own,
            Spent(
                sum(s.prompt_tokens - s.cached_tokens for s in samples),
                sum(s.completion_tokens for s in samples),
                {
                    "flops": math.fsum(s.flops or 0.0 for s in samples),
                    "usd": math.fsum(s.usd or 0.0 for s in samples),
                    "calls": float(len(samples)),
                },
                sum(s.seconds for s in samples),
            ),
        )

    def now(self) -> float:
        """Seconds until all so far was there."""
        return max((self.clock, *(branch.now() for branch in self.branches)))

    def spent(self) -> Spent:
        """All up to here: by the line that leads here, by this branch and by those below it."""
        total = _sum(self.before, self.own)
        for branch in self.branches:
            total = _sum(total, _without(branch.spent(), branch.before))
        return replace(total, latency=self.now())

    @contextmanager
    def request(self) -> Iterator[None]:
        """One at a time: their order is what a budget's decisions follow from."""
        line, above = [*self.tree()], self.above
        while above is not None:
            line.append(above)
            above = above.above
        if any(branch.under_way for branch in line):
            raise UsageError(
                "a method has two requests of one attempt under way; put them into one `sample`, "
                "or `split` the attempt"
            )
        self.under_way = True
        try:
            yield
        finally:
            self.under_way = False


def _sum(one: Spent, other: Spent) -> Spent:
    units = dict.fromkeys([*one.amounts, *other.amounts])
    return Spent(
        one.prompt_tokens + other.prompt_tokens,
        one.completion_tokens + other.completion_tokens,
        {u: one.amounts.get(u, 0.0) + other.amounts.get(u, 0.0) for u in units},
        one.seconds + other.seconds,
    )


def _without(one: Spent, other: Spent) -> Spent:
    return Spent(
        one.prompt_tokens - other.prompt_tokens,
        one.completion_tokens - other.completion_tokens,
        {u: n - other.amounts.get(u, 0.0) for u, n in one.amounts.items()},
        one.seconds - other.seconds,
    )
