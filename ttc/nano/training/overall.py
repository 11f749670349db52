"""Texts of the judge that looks at whole solutions: Heimdall and OPV (see `ttc.nano.formats`)."""

from __future__ import annotations

import random

from ttc.nano import formats
from ttc.nano.families import FAMILIES
from ttc.nano.noise import GRADER
from ttc.nano.prompts import judge_prompt
from ttc.nano.tasks import ANSWER, NanoProblem, write_steps
from ttc.nano.training.checks import Checked, first_wrong, recheck_lines
from ttc.nano.training.drawn import Drawn
from ttc.nano.training.lessons import Lesson
from ttc.nano.training.reviews import is_correct


def heimdall_lesson(drawn: Drawn, rng: random.Random) -> Lesson | None:
    """A long check: the problem solved anew, the steps rechecked, again where the two disagree.

    Kept where the verdict is right, as a reward for the outcome would.
    """
    problem, lines = drawn.problem, drawn.lines
    own = own_solution(problem, rng)
    found = recheck_lines(problem, lines, GRADER, rng)
    text = formats.OWN_SOLUTION + "".join(f"{line}\n" for line in own)
    text += formats.THE_STEPS + _rechecks(found)
    if found.sound != (own[-1] == lines[-1]):
        found = recheck_lines(problem, lines, GRADER, rng)
        text += formats.AGAIN + _rechecks(found)
    if found.sound != is_correct(problem, drawn.text):
        return None
    prompt = judge_prompt("heimdall", problem.question, drawn.text)
    return Lesson(prompt, (text + formats.heimdall_verdict(found.sound),))


def own_solution(problem: NanoProblem, rng: random.Random) -> list[str]:
    """A grader's own solution."""
    lines = write_steps(problem.family, problem.spec, GRADER, rng)
    return [*lines, ANSWER.format(FAMILIES[problem.family].answer(problem.spec, lines))]


def _rechecks(found: Checked) -> str:
    return "".join(formats.recheck(check.own, check.right) for check in found.checks)


def summary_lesson(drawn: Drawn, rng: random.Random) -> Lesson | None:
    """The solution as numbered steps."""
    prompt = judge_prompt("opv-summary", drawn.problem.question, drawn.text)
    return Lesson(prompt, (formats.summary(drawn.lines),))


def opv_lesson(drawn: Drawn, rng: random.Random) -> Lesson | None:
    """The first wrong step of a summary. Kept where it is that."""
    problem, lines = drawn.problem, drawn.lines
    found = recheck_lines(problem, lines, GRADER, rng)
    if found.first_wrong != first_wrong(problem, lines):
        return None
    checks = "".join(
        f"Step {i}: {formats.recheck(check.own, check.right)}"
        for i, check in enumerate(found.checks)
    )
    prompt = judge_prompt("opv", problem.question, formats.summary(lines))
    return Lesson(prompt, (checks + formats.first_error(found.first_wrong),))
