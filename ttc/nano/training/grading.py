"""Texts of the grader with three levels, and of judgements of its gradings (DeepSeekMath-V2)."""

from __future__ import annotations

import random
from dataclasses import replace

from ttc.nano import formats
from ttc.nano.noise import GRADER
from ttc.nano.prompts import judge_prompt, meta_prompt
from ttc.nano.training.checks import (
    Checked,
    corrupted,
    exact_grade,
    grade_lines,
    meta_score,
)
from ttc.nano.training.drawn import Drawn
from ttc.nano.training.lessons import Lesson

CORRUPTED = 0.3  # share of solutions whose answer is right by an unsound step, made on purpose
_TRIES = 8
# Gradings to be judged err more than the graders whose texts are learned, so that there is
# something to find.
CARELESS = replace(GRADER, slip=0.04, misread={k: 1.5 * v for k, v in GRADER.misread.items()})


def with_unsound(drawn: Drawn, rng: random.Random) -> Drawn:
    """The solution, or in its place one whose answer is right by an unsound step."""
    if rng.random() >= CORRUPTED:
        return drawn
    return replace(drawn, text="\n".join(corrupted(drawn.problem, rng)))


def grading_text(found: Checked) -> str:
    """All checks and the score."""
    checks = "".join(formats.recheck(check.own, check.right) for check in found.checks)
    return checks + formats.score(found.score)


def grade_lesson(drawn: Drawn, rng: random.Random) -> Lesson | None:
    """A grading. Kept where its score is the exact one."""
    drawn = with_unsound(drawn, rng)
    found = grade_lines(drawn.problem, drawn.lines, GRADER, rng)
    if found.score != exact_grade(drawn.problem, drawn.lines).score:
        return None
    prompt = judge_prompt("grade", drawn.problem.question, drawn.text)
    return Lesson(prompt, (grading_text(found),))


def meta_lesson(drawn: Drawn, rng: random.Random) -> Lesson | None:
    """A grading judged by a second one. Kept where the judgement is exact.

    Gradings are drawn anew a few times for a score that is aimed at, so that none is rare.
    """
    drawn = with_unsound(drawn, rng)
    truth = exact_grade(drawn.problem, drawn.lines)
    aim = int(rng.random() * 3) / 2
    for _ in range(_TRIES):
        grading = grade_lines(drawn.problem, drawn.lines, CARELESS, rng)
        if meta_score(grading.first_wrong, grading.score, truth) == aim and (
            grading.score < 1 or rng.random() < 0.2
        ):
            break
    else:
        return None
    found = grade_lines(drawn.problem, drawn.lines, GRADER, rng)
    if meta_score(grading.first_wrong, grading.score, found) != aim:
        return None
    text = "".join(formats.recheck(check.own, check.right) for check in found.checks)
    prompt = meta_prompt(drawn.problem.question, drawn.text, grading_text(grading))
    return Lesson(prompt, (text + formats.score(aim),))
