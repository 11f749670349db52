"""Texts of the judge that looks at steps: GenPRM and ThinkPRM (see `ttc.nano.formats`)."""

from __future__ import annotations

import random

from ttc.nano import formats
from ttc.nano.noise import GRADER
from ttc.nano.prompts import judge_prompt
from ttc.nano.tasks import EXACT
from ttc.nano.training.checks import Checked, check_line, first_wrong, recheck_lines
from ttc.nano.training.drawn import Drawn
from ttc.nano.training.lessons import Lesson
from ttc.nano.training.programs import confirms, is_line, program_of
from ttc.nano.training.reviews import is_correct

NOT_EXECUTED = 0.2  # share of GenPRM texts in which the program's output is missing
ON_WRONG_LINES = 0.5  # share of GenPRM texts about the first wrong line, where there is one
ROUNDS = (0.7, 0.22, 0.08)  # shares of ThinkPRM texts with 1, 2 and 3 rounds


def genprm_lesson(drawn: Drawn, rng: random.Random) -> Lesson | None:
    """One line judged. Kept where the judgement is right for this line."""
    problem, lines = drawn.problem, drawn.lines
    wrong = first_wrong(problem, lines)
    at = int(rng.random() * min(len(lines), len(problem.steps) + 1))
    if wrong >= 0 and rng.random() < ON_WRONG_LINES:
        at = min(wrong, len(problem.steps))
    truth = check_line(problem, lines, at, EXACT, rng).right
    own = check_line(problem, lines, at, GRADER, rng).own
    if at < len(problem.steps) and not is_line(problem.family, own):
        own = check_line(problem, lines, at, EXACT, rng).own
        if not is_line(problem.family, own):
            return None
    program = program_of(problem, at, own)
    analysis = formats.genprm_analysis(program.why, program.expression, program.program)
    prompt = judge_prompt("genprm", problem.question, "\n".join(lines[: at + 1]))
    if rng.random() < NOT_EXECUTED:
        judged = own == lines[at]
        turns: tuple[str, ...] = (analysis + formats.genprm_judgement(judged),)
    else:
        judged = confirms(problem, at, lines[at], program, program.output)
        inserted = formats.genprm_code_output(program.output)
        turns = analysis, inserted, formats.genprm_judgement(judged)
    return Lesson(prompt, turns) if judged == truth else None


def thinkprm_lesson(drawn: Drawn, rng: random.Random) -> Lesson | None:
    """A verdict on each line, some of them in several rounds; the last one decides.

    Kept where the last round ends at the first wrong line, if any, and the decision is right.
    """
    problem, lines = drawn.problem, drawn.lines
    u, rounds = rng.random(), 1
    while rounds < len(ROUNDS) and u >= sum(ROUNDS[:rounds]):
        rounds += 1
    found = [recheck_lines(problem, lines, GRADER, rng) for _ in range(rounds)]
    last = found[-1]
    if last.sound != is_correct(problem, drawn.text) or last.first_wrong != first_wrong(
        problem, lines
    ):
        return None
    turns = ["<think>\n" + _verdicts(found[0])]
    for again in found[1:]:
        trigger = formats.TRIGGERS[int(rng.random() * len(formats.TRIGGERS))]
        turns += [trigger, _verdicts(again)]
    turns[-1] += formats.thinkprm_decision(last.sound)
    return Lesson(judge_prompt("thinkprm", problem.question, drawn.text), tuple(turns))


def _verdicts(found: Checked) -> str:
    return "".join(
        formats.thinkprm_step(i + 1, check.own, check.right) for i, check in enumerate(found.checks)
    )
