"""Texts of the network with several roles: it solves, checks itself, revises, scores itself.

Solutions are the solver's own samples. LaSeR's reward is learned at their end; RISE's check of
oneself is the verifier's recheck in the same text; a revision keeps the lines before the first that
its verification calls wrong, puts the verification's version there and goes on as a pupil would.
"""

from __future__ import annotations

import random

from ttc.nano.families import FAMILIES
from ttc.nano.noise import GRADER, PUPIL
from ttc.nano.prompts import (
    REVISION,
    VERIFICATION,
    revision_prompt,
    solver_prompt,
    spoc_prompt,
    verifier_prompt,
)
from ttc.nano.tasks import ANSWER, NanoProblem
from ttc.nano.training.checks import split_lines
from ttc.nano.training.drawn import Drawn
from ttc.nano.training.lessons import Lesson
from ttc.nano.training.reviews import is_correct, review, says_yes

ROUNDS = 3  # attempts of SPOC at most
_TRIES = 20


def solve_lesson(drawn: Drawn, rng: random.Random) -> Lesson:
    """One of the solver's solutions, with the reward of its answer."""
    return Lesson(solver_prompt(drawn.problem.question), (drawn.text,), reward=float(drawn.right))


def self_check(problem: NanoProblem, solution: str, rng: random.Random) -> str | None:
    """A recheck whose verdict is right; None where the grader finds none in some tries."""
    truth = is_correct(problem, solution)
    for _ in range(_TRIES):
        text = review(problem, solution, GRADER, rng)
        if says_yes(text) == truth:
            return text
    return None


def check_lesson(drawn: Drawn, rng: random.Random) -> Lesson | None:
    """A recheck of a solution."""
    text = self_check(drawn.problem, drawn.text, rng)
    prompt = verifier_prompt(drawn.problem.question, drawn.text)
    return None if text is None else Lesson(prompt, (text,))


def revised(problem: NanoProblem, solution: str, verification: str, rng: random.Random) -> str:
    """A new solution that takes up what a verification found."""
    family = FAMILIES[problem.family]
    lines = split_lines(solution)
    checks = verification.split("\n")[:-1]
    kept = [line for line, check in zip(lines, checks, strict=False) if check.endswith(" ok")]
    if len(kept) < len(checks):
        kept.append(checks[len(kept)].removesuffix(" wrong"))
    while len(kept) < family.count(problem.spec):
        before = kept[-1] if kept else None
        kept.append(family.step(problem.spec, len(kept), before, PUPIL, rng))
    return "\n".join([*kept, ANSWER.format(family.answer(problem.spec, kept))])


def revise_lesson(drawn: Drawn, rng: random.Random) -> Lesson | None:
    """A new solution after a verdict No."""
    if drawn.right:
        return None
    check = self_check(drawn.problem, drawn.text, rng)
    if check is None:
        return None
    prompt = revision_prompt(drawn.problem.question, drawn.text, check)
    return Lesson(prompt, (revised(drawn.problem, drawn.text, check, rng),))


def spoc_lesson(drawn: Drawn, rng: random.Random) -> Lesson | None:
    """Attempts and rechecks in one text, up to a verdict Yes (arXiv 2506.06923)."""
    problem, attempt = drawn.problem, drawn.text
    text = attempt
    for number in range(1, ROUNDS + 1):
        check = self_check(problem, attempt, rng)
        if check is None:
            return None
        text += VERIFICATION + check
        if says_yes(check) or number == ROUNDS:
            break
        attempt = revised(problem, attempt, check, rng)
        text += REVISION + attempt
    return Lesson(spoc_prompt(problem.question), (text,))
