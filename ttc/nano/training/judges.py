"""The later networks: from which one each starts, what it learns and for how long."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from ttc.nano.config import NetConfig
from ttc.nano.tokenizer import VOCABULARY
from ttc.nano.training import grading, overall, roles, scores, stepwise
from ttc.nano.training.drawn import Solutions
from ttc.nano.training.lessons import C_REF, Source, mixture
from ttc.nano.vocabulary import EXTENDED

LATER = replace(
    NetConfig(vocab=len(VOCABULARY)), vocab=len(EXTENDED), context=512, tokens="extended"
)


@dataclass(frozen=True)
class Plan:
    """One later network. start: whose weights it starts from; facts: for the index."""

    description: str
    start: str
    steps: int
    lessons: Callable[[Solutions], Source]
    facts: Mapping[str, float] = field(default_factory=dict)


def judge_lessons(drawn: Solutions) -> Source:
    """Judgements of steps and of whole solutions, in words."""
    kinds = {
        "genprm": (0.34, stepwise.genprm_lesson),
        "thinkprm": (0.25, stepwise.thinkprm_lesson),
        "heimdall": (0.18, overall.heimdall_lesson),
        "opv-summary": (0.05, overall.summary_lesson),
        "opv": (0.18, overall.opv_lesson),
    }
    made = {name: (share, drawn.lessons(name, make)) for name, (share, make) in kinds.items()}
    return mixture(made, drawn.seed)


def grader_lessons(drawn: Solutions) -> Source:
    """Gradings, judgements of gradings, and judgements in one token."""
    kinds = {
        "grade": (0.26, grading.grade_lesson),
        "meta": (0.22, grading.meta_lesson),
        "score-steps": (0.08, scores.rating("score-steps")),
        "score-answer": (0.08, scores.rating("score-answer")),
        "score-10": (0.08, scores.rating("score-10")),
        "direct": (0.1, scores.direct_lesson),
        "pairwise": (0.18, scores.pairwise_lesson),
    }
    made = {name: (share, drawn.lessons(name, make)) for name, (share, make) in kinds.items()}
    return mixture(made, drawn.seed + 1)


def role_lessons(drawn: Solutions) -> Source:
    """Solutions, checks of them, revisions, and all of it in one text."""
    kinds = {
        "solve": (0.3, roles.solve_lesson),
        "check": (0.25, roles.check_lesson),
        "revise": (0.2, roles.revise_lesson),
        "spoc": (0.25, roles.spoc_lesson),
    }
    made = {name: (share, drawn.lessons(name, make)) for name, (share, make) in kinds.items()}
    return mixture(made, drawn.seed + 2)


PLANS = {
    "nano-judge": Plan(
        "Judges steps with small programs or in words, or a whole solution, or its summary.",
        "nano-verifier",
        4800,
        judge_lessons,
    ),
    "nano-grader": Plan(
        "Grades in three levels, judges gradings, and scores or compares in one token.",
        "nano-verifier",
        4800,
        grader_lessons,
    ),
    "nano-roles": Plan(
        "Solves, checks itself, revises, and scores itself by one reserved token.",
        "nano-solver",
        4200,
        role_lessons,
        {"c_ref": C_REF},
    ),
}
