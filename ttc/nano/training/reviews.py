"""What the verifier learns from: rechecks of the solver's own sampled solutions.

A simulated grader goes through a solution line by line, works each line out from the one before
(with the noise of `noise.GRADER`), writes what it finds with `ok` or `wrong`, stops at the first
wrong line and gives its verdict. The grader errs, and may be right for wrong reasons; what a
solution's label is (`is_correct`) is exact and never comes from the grader.
"""

from __future__ import annotations

import random

from ttc.nano.families import FAMILIES, Noise
from ttc.nano.prompts import VERDICT
from ttc.nano.tasks import ANSWER, NanoProblem, final_answer


def is_correct(problem: NanoProblem, solution: str) -> bool:
    """Whether a solution states the gold answer."""
    return final_answer(solution) == problem.answer


def says_yes(text: str) -> bool:
    """Whether a recheck ends in the verdict Yes."""
    return text.endswith(f"{VERDICT} Yes")


def review(problem: NanoProblem, solution: str, noise: Noise, rng: random.Random) -> str:
    """A grader's recheck of a solution, closed by the verdict line."""
    family = FAMILIES[problem.family]
    lines = [line.strip() for line in solution.strip().splitlines()]
    steps = family.count(problem.spec)
    out: list[str] = []
    good = len(lines) == steps + 1
    for i in range(min(steps, len(lines))):
        before = lines[i - 1] if i else None
        own = own_line(problem, i, before, lines[i], noise, rng)
        good = good and own == lines[i]
        out.append(f"{own} {'ok' if own == lines[i] else 'wrong'}")
        if own != lines[i]:
            break
    if good:
        good = lines[-1] == ANSWER.format(family.answer(problem.spec, lines[:-1]))
    return "\n".join([*out, f"{VERDICT} {'Yes' if good else 'No'}"])


def own_line(
    problem: NanoProblem,
    i: int,
    before: str | None,
    line: str,
    noise: Noise,
    rng: random.Random,
) -> str:
    """The grader's own version of a line; sometimes it just copies what stands there."""
    if rng.random() < noise.overlook:
        return line
    try:
        return FAMILIES[problem.family].step(problem.spec, i, before, noise, rng)
    except (ValueError, IndexError, KeyError, ZeroDivisionError):
        return line
