"""How simulated graders go through a solution: line by line, or in a chain of results of their own.

A local check works each line out from the line before it, right or wrong as that may be; a grading
follows the grader's own results, so that it can tell a right answer by an unsound step. Without
noise both are exact, and that is where all labels come from.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from ttc.nano.families import FAMILIES, Noise
from ttc.nano.families.base import slipped
from ttc.nano.tasks import ANSWER, EXACT, NanoProblem
from ttc.nano.training.reviews import own_line

_NO_RNG = random.Random(0)  # exact checks draw nothing that matters


@dataclass(frozen=True)
class Check:
    """What should stand in a line as the grader sees it, and whether it does."""

    own: str
    right: bool


@dataclass(frozen=True)
class Checked:
    """Checks of a solution's lines, perhaps only of those up to the first wrong one."""

    checks: tuple[Check, ...]
    complete: bool
    """Whether the solution has all its lines and none too many."""

    @property
    def first_wrong(self) -> int:
        """Index of the first line that the grader takes to be wrong, -1 for none."""
        return next((i for i, check in enumerate(self.checks) if not check.right), -1)

    @property
    def sound(self) -> bool:
        """Whether the grader finds no fault."""
        return self.complete and self.first_wrong < 0

    @property
    def score(self) -> float:
        """1: sound; 0.5: an unsound way to the grader's own answer; 0: another answer."""
        if self.sound:
            return 1.0
        return 0.5 if self.checks and self.checks[-1].right else 0.0


def split_lines(solution: str) -> list[str]:
    """The lines of a solution."""
    return [line.strip() for line in solution.strip().splitlines()]


def check_line(
    problem: NanoProblem, lines: Sequence[str], i: int, noise: Noise, rng: random.Random
) -> Check:
    """The check of line i by itself; the answer line must state the last result."""
    family = FAMILIES[problem.family]
    steps = family.count(problem.spec)
    if i > steps:
        return Check("", False)
    if i == steps:
        own = ANSWER.format(family.answer(problem.spec, lines[:steps]))
    else:
        own = own_line(problem, i, lines[i - 1] if i else None, lines[i], noise, rng)
    return Check(own, own == lines[i])


def recheck_lines(
    problem: NanoProblem, lines: Sequence[str], noise: Noise, rng: random.Random
) -> Checked:
    """Local checks, up to the first line that seems wrong."""
    checks: list[Check] = []
    for i in range(len(lines)):
        checks.append(check_line(problem, lines, i, noise, rng))
        if not checks[-1].right:
            break
    return Checked(tuple(checks), len(lines) == len(problem.steps) + 1)


def grade_lines(
    problem: NanoProblem, lines: Sequence[str], noise: Noise, rng: random.Random
) -> Checked:
    """Checks of all lines in the grader's own chain of results, the answer last."""
    family = FAMILIES[problem.family]
    steps = family.count(problem.spec)
    own: list[str] = []
    checks: list[Check] = []
    for i in range(steps):
        line = lines[i] if i < len(lines) else ""
        if line and rng.random() < noise.overlook:
            own.append(line)
        else:
            before = own[-1] if own else None
            own.append(family.step(problem.spec, i, before, noise, rng))
        checks.append(Check(own[-1], own[-1] == line))
    answer = ANSWER.format(family.answer(problem.spec, own))
    checks.append(Check(answer, bool(lines) and answer == lines[-1]))
    return Checked(tuple(checks), len(lines) == steps + 1)


def first_wrong(problem: NanoProblem, lines: Sequence[str]) -> int:
    """Exact index of the first line that doesn't follow from the one before it, -1 for none."""
    return recheck_lines(problem, lines, EXACT, _NO_RNG).first_wrong


def exact_grade(problem: NanoProblem, lines: Sequence[str]) -> Checked:
    """The exact grading."""
    return grade_lines(problem, lines, EXACT, _NO_RNG)


def meta_score(alleged: int, score: float | None, truth: Checked) -> float:
    """How far a grading is right, in the light of another one.

    alleged: the first line that it calls wrong, -1 for none; score: what it gives. 1: this line is
    the first defect (or it rightly alleges none) and the score is right; 0.5: so with a wrong
    score, or the first defect is in another line; 0: there is none, or it saw none.
    """
    real = truth.first_wrong
    if alleged == real:
        return 1.0 if score == truth.score else 0.5
    return 0.5 if alleged >= 0 and real >= 0 else 0.0


def corrupted(problem: NanoProblem, rng: random.Random) -> list[str]:
    """The gold solution with one unsound step and nothing else changed, answer included.

    Arithmetic: a sign turned, or (not in the last step) a result slipped; modular: a product or a
    residue slipped; order: the person on the right of a link that isn't the last exchanged.
    """
    lines = problem.solution.split("\n")
    at = int(rng.random() * (len(lines) - 1))
    last = at == len(lines) - 2
    lines[at] = _spoilt(problem.family, lines[at], last, rng)
    return lines


def _spoilt(family: str, line: str, last: bool, rng: random.Random) -> str:
    if family == "order":
        left, right = line.split(">")
        return f"{right}>{left}" if not last else line
    work, _, result = line.partition("=")
    if family == "modular":
        product, _, residue = result.partition(">")
        return f"{work}={slipped(int(product), rng)}>{residue}"
    if last or rng.random() < 0.5:
        turned = work.translate(str.maketrans("+-*/", "-+/*"))
        return f"{turned}={result}"
    return f"{work}={slipped(int(result), rng)}"
