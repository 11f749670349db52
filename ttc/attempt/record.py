"""What an attempt has asked and got: by branch while it goes on, one list of rows at its end.

Branches may be under way side by side, in an order that no run repeats. So nothing is numbered for
the tables before the end, when all is gone through as if one branch had come after the other, each
where the attempt was split.
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
from ttc.attempt.prefixes import Opening
from ttc.core import (
    AnswerTrace,
    Model,
    ModelIdentity,
    Place,
    Problem,
    Sample,
    SampleTrace,
    Solution,
    Used,
    Verification,
)
from ttc.errors import UsageError

Mark = tuple[Numbers, dict[bytes, int]]
"""Where a branch stands: the next numbers, and what is computed."""


@dataclass
class Record:
    """Of one attempt, whichever of its parts did it.

    asked: the model of each sample, and how its prompt began; refused: places in the budget that
    closed; made_of: by solution, its samples; judged: by verifier and solution, how many
    verifications.
    """

    problem: Problem
    seed: int
    repeat: int = 0
    asked: list[tuple[ModelIdentity, Opening]] = field(default_factory=list)
    solutions: dict[int, Solution] = field(default_factory=dict)
    made_of: dict[int, tuple[Sample, ...]] = field(default_factory=dict)
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

    def number(self, model: Model, opening: Opening) -> int:
        """Of a new sample."""
        self.asked.append((model.identity, opening))
        return len(self.asked) - 1

    def trace(self) -> list[SampleTrace]:
        """All samples, numbered anew, with their fates."""
        found = self._in_order_sampled()
        number = {sample.number: i for i, sample in enumerate(found)}
        parents = {sample.number: sample.after for sample in found}
        kept: set[int | None] = {None}
        for one in (sample for samples in self.made_of.values() for sample in samples):
            place: int | None = one.number
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
        """All answers so far in order, with all that was used before them; the last one is final.

        Of what branches side by side used, an answer of one counts those before it as done, so that
        costs are of an attempt that goes through them one after the other; latencies are not.
        """
        found = list(self.root.answered())
        last = len(found) - 1
        return [replace(a, number=i, final=i == last) for i, a in enumerate(found)]

    def conclude(self, returned: Sequence[Solution]) -> None:
        """The method is done: where it never said what its answer is, that is its last solution."""
        if returned and not any(branch.answers for branch in self.root.tree()):
            self.root.say(returned[-1].index)

    def settle(self, returned: Sequence[Solution], start: int = 0) -> list[Solution]:
        """The solutions to be stored, numbered from `start` by their places: those that a method
        returned, then others that it answered with or had judged, which are marked: they have no
        vote. What was noted of them follows.
        """
        spoken = {a.solution_index for b in self.root.tree() for a in b.answers}
        spoken |= {v.solution_index for v in self.verifications()}
        first = [s.index for s in returned]
        rest = [i for i in self._in_order() if i in spoken and i not in set(first)]
        known = {s.index: s for s in returned} | {i: self.solutions[i] for i in rest}
        new = {old: i for i, old in enumerate([*first, *rest], start)}
        if any(old != i for old, i in new.items()) or len(new) < len(self.made_of):
            self._renumber(new)
        self.solutions = {}
        return [
            replace(known[old], index=i, repeat=self.repeat, returned=i - start < len(first))
            for old, i in new.items()
        ]

    def with_samples(self, solutions: Sequence[Solution]) -> list[Solution]:
        """The stored solutions with the numbers of their samples, as `trace` has them."""
        number = {s.number: i for i, s in enumerate(self._in_order_sampled())}
        found = []
        for one in solutions:
            made = self.made_of.get(one.index, ())
            of = [number[s.number] for s in made if s.number in number]
            found.append(replace(one, first_sample=min(of), last_sample=max(of)) if of else one)
        return found

    def _in_order_sampled(self) -> list[SampleTrace]:
        return list(self.root.sampled())

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
    """A line of an attempt, whose requests come one after the other. path: `()` for the whole.

    begun: samples and answers that the line above had when it was split; first: of its split.
    """

    record: Record
    path: tuple[int, ...]
    above: Branch | None = None
    branches: list[Branch] = field(default_factory=list)
    samples: list[SampleTrace] = field(default_factory=list)
    verifications: list[Verification] = field(default_factory=list)
    answers: list[AnswerTrace] = field(default_factory=list)
    solved: list[int] = field(default_factory=list)
    computed: dict[bytes, int] = field(default_factory=dict)
    begun: tuple[int, int] = (0, 0)
    first: bool = False
    under_way: bool = False
    before: Used = field(default_factory=Used)
    own: Used = field(default_factory=Used)
    waves: int = 0  # requests so far
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
        """The branch and all below it, in order."""
        yield self
        for branch in self.branches:
            yield from branch.tree()

    def mark(self) -> Mark:
        """What the next numbers are, and what is computed by now, to `resume` from."""
        return self.numbers.copy(), dict(self.computed)

    def resume(self, mark: Mark) -> None:
        """Go on from there, as if nothing had been asked since: for those who work side by side."""
        self.numbers, self.computed = mark[0].copy(), dict(mark[1])

    def tokens(self, text: bytes) -> int | None:
        """Of a text computed on the way here, as far as they are known; None: it was not."""
        if text in self.computed:
            return self.computed[text]
        return None if self.above is None else self.above.tokens(text)

    def split(self, number: int) -> list[Branch]:
        """So many branches more."""
        first, spent = len(self.branches), self.spent()
        new = [Branch(self.record, (*self.path, first + i), self) for i in range(number)]
        for branch in new:
            branch.before, branch.clock = spent, self.now()
            branch.begun = (len(self.samples), len(self.answers))
            branch.first = branch is new[0]
        self.branches += new
        return new

    def sampled(self) -> Iterator[SampleTrace]:
        """All samples of this branch and those below it, in order."""
        done = 0
        for branch in self.branches:
            yield from self.samples[done : branch.begun[0]]
            yield from branch.sampled()
            done = branch.begun[0]
        yield from self.samples[done:]

    def answered(self, beside: Used | None = None) -> Iterator[AnswerTrace]:
        """All answers likewise. beside: what branches have used that were gone through before."""
        beside = used = beside or Used()
        done = 0
        for branch in self.branches:
            yield from (_later(one, beside) for one in self.answers[done : branch.begun[1]])
            done = branch.begun[1]
            used = beside if branch.first else used  # of earlier splits, `before` knows
            yield from branch.answered(used)
            used = _sum(used, _without(branch.spent(), branch.before))
        yield from (_later(one, beside) for one in self.answers[done:])

    def say(self, solution: int) -> None:
        """Note an answer with all that was used up to now."""
        record = self.record
        self.answers.append(
            AnswerTrace(
                record.problem.id,
                record.repeat,
                self.name,
                number=0,
                solution_index=solution,
                spent=self.spent(),
            )
        )

    def use(self, samples: Sequence[SampleTrace]) -> None:
        """Samples that came of one request."""
        self.samples += [replace(s, wave=self.waves) for s in samples]
        self.waves += 1
        self.clock = self.now() + _longest_call(samples)
        self.own = _sum(
            self.own,
            Used(
                sum(s.prompt_tokens - s.cached_tokens for s in samples),
                sum(s.sampled for s in samples),
                {
                    "flops": math.fsum(math.nan if s.flops is None else s.flops for s in samples),
                    "usd": math.fsum(math.nan if s.usd is None else s.usd for s in samples),
                    "calls": float(len(samples)),
                },
                sum(s.seconds for s in samples),
            ),
        )

    def now(self) -> float:
        """Seconds until all so far was there."""
        return max((self.clock, *(branch.now() for branch in self.branches)))

    def spent(self) -> Used:
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


def _longest_call(samples: Sequence[SampleTrace]) -> float:
    """Seconds of the longest of the calls that brought these: what came with another's sample has 0
    requests beside it, and each has its share of the time.
    """
    longest = own = 0.0
    for sample in samples:
        own = sample.seconds if sample.requests else own + sample.seconds
        longest = max(longest, own)
    return longest


def _later(one: AnswerTrace, beside: Used) -> AnswerTrace:
    spent = _sum(one.spent, beside)
    return replace(one, spent=replace(spent, latency=one.spent.latency))


def _sum(one: Used, other: Used) -> Used:
    units = dict.fromkeys([*one.amounts, *other.amounts])
    return Used(
        one.prompt_tokens + other.prompt_tokens,
        one.completion_tokens + other.completion_tokens,
        {u: one.amounts.get(u, 0.0) + other.amounts.get(u, 0.0) for u in units},
        one.seconds + other.seconds,
    )


def _without(one: Used, other: Used) -> Used:
    return Used(
        one.prompt_tokens - other.prompt_tokens,
        one.completion_tokens - other.completion_tokens,
        {u: n - other.amounts.get(u, 0.0) for u, n in one.amounts.items()},
        one.seconds - other.seconds,
    )
