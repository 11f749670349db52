"""Solutions of one problem with their classes, labels and verdicts, and what policies choose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ttc.analysis.drawn import given
from ttc.analysis.labels import split_by_label
from ttc.core import Solution, Verification
from ttc.errors import at_problem
from ttc.policies import Drawn, PolicyPart, StoppingRule

GRADES = ("answer_class", "correct", "imported_correct", "gold_first_wrong_step")
"""Columns of `solutions` that say how good one is."""


@dataclass(frozen=True)
class Judged:
    """A solution with its class, our judgement, the label it came with, and its verdicts.

    vote: the class that it votes for, `answer_class` but where labels disagree; gold_bad: its first
    wrong step by a label that it came with, -1 for none.
    """

    solution: Solution
    answer_class: int
    vote: int
    correct: bool
    label: bool | None
    verdicts: list[Verification]
    gold_bad: int | None = None

    @cached_property
    def by_verifier(self) -> dict[str, list[Verification]]:
        """Verdicts of each: one's say nothing of another's."""
        found: dict[str, list[Verification]] = {}
        for verdict in self.verdicts:
            found.setdefault(verdict.verifier, []).append(verdict)
        return found

    def score(self, verifier: str) -> float:
        """Mean of a verifier's valid scores, NaN without any."""
        own = (v.score for v in self.by_verifier.get(verifier, ()))
        scores = [score for score in own if score is not None]
        return float(np.mean(scores)) if scores else float("nan")

    def contradicts(self, gold_class: int) -> bool:
        """Whether the label that it came with says otherwise than we do."""
        return self.label is not None and self.label != self.ours(gold_class)

    def ours(self, gold_class: int) -> bool:
        """Whether we take its answer for the gold answer."""
        return 0 <= self.answer_class == gold_class


def judged(
    solutions: Sequence[Solution],
    grades: Sequence[Mapping[str, Any]],
    verdicts: Iterable[Verification],
) -> list[Judged]:
    """Solutions of one problem with what is said of them. grades: `GRADES` of each."""
    of: dict[int, list[Verification]] = {}
    for verdict in verdicts:
        of.setdefault(verdict.solution_index, []).append(verdict)
    classes = np.array([[grade["answer_class"] for grade in grades]], dtype=np.int64)
    labels = np.array([[grade["correct"] for grade in grades]], dtype=np.bool_)
    votes = split_by_label(classes, labels)[0][0] if grades else []
    return [
        Judged(
            solution=solution,
            answer_class=int(grade["answer_class"]),
            vote=int(vote),
            correct=bool(grade["correct"]),
            label=grade["imported_correct"],
            verdicts=of.get(solution.index, []),
            gold_bad=grade.get("gold_first_wrong_step"),
        )
        for solution, grade, vote in zip(solutions, grades, votes, strict=True)
    ]


@dataclass(frozen=True)
class Votes:
    """An answer: who voted for it. mean, summed: of the scores by each verifier, where any is."""

    vote: int
    members: tuple[Judged, ...]
    scores: Mapping[str, tuple[float, float]]

    @property
    def answer(self) -> str | None:
        """As the first of its solutions has it; None for none."""
        first = self.members[0]
        return first.solution.answer if first.answer_class >= 0 else None

    @property
    def correct(self) -> bool:
        return self.members[0].correct


def votes(voters: Sequence[Judged], verifiers: Iterable[str]) -> list[Votes]:
    """Each answer class with its solutions, the most frequent first."""
    names, found = list(verifiers), []
    for vote, _ in Counter(one.vote for one in voters).most_common():
        members = tuple(one for one in voters if one.vote == vote)
        told = {}
        for name in names:
            scores = [score for score in (one.score(name) for one in members) if score == score]
            if scores:
                told[name] = float(np.mean(scores)), float(np.sum(scores))
        found.append(Votes(vote, members, told))
    return found


@dataclass(frozen=True)
class Choice:
    """What a policy chooses of all solutions. chosen: a class, -1 for nothing; used: after how many
    solutions a rule stopped that stops, else None.
    """

    policy: str
    verifier: str
    chosen: int
    correct: bool
    used: int | None


def choices(
    policies: Sequence[PolicyPart], verifiers: Sequence[str], voters: Sequence[Judged]
) -> Iterator[Choice]:
    """Of each policy that can read what there is, for each verifier where it reads verdicts."""
    solutions = [one.solution for one in voters]
    classes = np.array([one.vote for one in voters])
    right = frozenset(one.vote for one in voters if one.correct)
    drawn = {
        name: Drawn.of(solutions, classes, [v for one in voters for v in _of(one, name)])
        for name in ("", *verifiers)
    }
    for policy in policies:
        for name in verifiers if policy.reads_verifications else ("",):
            if policy.can_read(given(drawn[name].more)):
                with at_problem(solutions[0].problem_id):
                    yield _choice(policy, name, drawn[name], right)


def _of(one: Judged, verifier: str) -> Sequence[Verification]:
    return one.by_verifier.get(verifier, ())


def _choice(policy: PolicyPart, verifier: str, drawn: Drawn, right: Collection[int]) -> Choice:
    chosen = policy.picks(drawn, right)
    used = policy.used(drawn) if isinstance(policy, StoppingRule) else None
    return Choice(policy.label, verifier, chosen, chosen in right, used)
