"""Texts of judgements in one token: scores, Yes or No, the better of two."""

from __future__ import annotations

import random
from collections.abc import Sequence

from ttc.nano.prompts import Header, judge_prompt, pairwise_prompt
from ttc.nano.tasks import step_labels
from ttc.nano.training.drawn import Drawn, Make
from ttc.nano.training.grading import with_unsound
from ttc.nano.training.lessons import Lesson
from ttc.nano.training.reviews import is_correct

WEIGHT = 10.0  # one token must count beside texts of many
A_IF_EQUAL = 0.65
# Shares of the scores 1 to 5 that simulated raters give to a wrong and to a right answer.
RATED_WRONG = (0.55, 0.25, 0.12, 0.06, 0.02)
RATED_RIGHT = (0.02, 0.06, 0.12, 0.3, 0.5)
MISJUDGED = (0.7, 0.2, 0.1)  # shares of ratings off by 0, 1 and 2 points


def quality(drawn: Drawn) -> float:
    """Share of the lines that are right, with all before them."""
    labels = step_labels(drawn.problem, drawn.lines)
    return sum(labels) / len(labels)


def rate_steps(drawn: Drawn, rng: random.Random) -> int:
    """1 to 5 by the share of right lines, sometimes off."""
    return min(5, max(1, 1 + round(4 * quality(drawn)) + _off(rng)))


def rate_answer(drawn: Drawn, rng: random.Random) -> int:
    """1 to 5 by the answer alone."""
    return 1 + _pick(RATED_RIGHT if drawn.right else RATED_WRONG, rng)


def rate_whole(drawn: Drawn, rng: random.Random) -> int:
    """0 to 10: half for the steps, half for the answer, sometimes off."""
    return min(10, max(0, round(5 * quality(drawn) + 5 * drawn.right) + _off(rng)))


def _off(rng: random.Random) -> int:
    return _pick(MISJUDGED, rng) * (1 if rng.random() < 0.5 else -1)


def _pick(shares: Sequence[float], rng: random.Random) -> int:
    u = rng.random()
    for i, share in enumerate(shares):
        u -= share
        if u < 0:
            return i
    return len(shares) - 1


_RATINGS = {"score-steps": rate_steps, "score-answer": rate_answer, "score-10": rate_whole}


def rating(header: Header) -> Make:
    """Lessons under one of the headers that ask for a score."""

    def make(drawn: Drawn, rng: random.Random) -> Lesson:
        drawn = with_unsound(drawn, rng)
        prompt = judge_prompt(header, drawn.problem.question, drawn.text)
        return Lesson(prompt, (f" {_RATINGS[header](drawn, rng)}",), WEIGHT)

    return make


def direct_lesson(drawn: Drawn, rng: random.Random) -> Lesson:
    """Whether the answer is right, exactly."""
    prompt = judge_prompt("direct", drawn.problem.question, drawn.text)
    return Lesson(prompt, (" Yes" if drawn.right else " No",), WEIGHT)


def pairwise_lesson(drawn: Drawn, rng: random.Random) -> Lesson | None:
    """The right one of two solutions; where both are right or both wrong, A more often than B.

    Such pairs are kept three times in ten.
    """
    if not drawn.others:
        return None
    other = drawn.others[int(rng.random() * len(drawn.others))]
    right = drawn.right, is_correct(drawn.problem, other)
    if right[0] == right[1]:
        if rng.random() > 0.3:
            return None
        better = " A" if rng.random() < A_IF_EQUAL else " B"
    else:
        better = " A" if right[0] else " B"
    prompt = pairwise_prompt(drawn.problem.question, drawn.text, other)
    return Lesson(prompt, (better,), WEIGHT)
