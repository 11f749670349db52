"""What samplers that have solutions criticised share: verdicts, and what they may cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

from ttc.core import Attempt, Role, Solution, Verification
from ttc.samplers import Growing
from ttc.thinking import without_thinking
from ttc.verdicts.steps import pieces_of
from ttc.verifiers import VerifierPart

T = TypeVar("T")
STEP = "The first wrong step: "


async def judged(
    attempt: Attempt, critic: VerifierPart, solutions: Sequence[Solution]
) -> dict[int, list[Verification]]:
    """By solution index, a critic's own verdicts: none where the budget ended before it.

    What a critic has others judge on its way, such as another's analyses, is left out.
    """
    found: dict[int, list[Verification]] = {one.index: [] for one in solutions}
    for one in await attempt.judge(critic, solutions):
        if one.verifier == critic.label and one.of is None and one.against is None:
            found[one.solution_index].append(one)
    return found


def critic_samples(critic: VerifierPart, solutions: int) -> Mapping[Role, int] | None:
    """The most samples of a critic of so many solutions, by role; None: can't be told."""
    each = critic.most_samples(1)
    return None if each is None else {r: n * solutions for r, n in _as_critic(each).items()}


def critic_longest(critic: VerifierPart) -> Mapping[Role, int]:
    """The most tokens of a critic's samples, by role, as far as they are known."""
    return _as_critic(critic.longest())


def critic_growing(critic: VerifierPart, solution: int) -> Mapping[Role, Growing]:
    """What stands in a critic's prompts. solution: tokens of one at most."""
    told = _as_critic(critic.templates())
    return {role: Growing((name,), solution) for role, name in told.items()}


def revision_growing(
    critic: VerifierPart, first: str | None, again: str, solution: int, apart: bool, more: int = 0
) -> Mapping[Role, Growing]:
    """What stands in the prompts of who drafts, criticises and revises.

    first, again: templates of drafts and of revisions; solution: tokens of one at most; apart:
    whether a model of its own revises; more: tokens that revisions are shown besides, and one
    verdict.
    """
    found = dict(critic_growing(critic, solution))
    said = criticism_tokens(critic)
    if apart:
        found["solver"] = Growing((first,))
    if said is not None and apart:
        found["reviser"] = Growing((again,), solution + said + more)
    elif said is not None:
        found["solver"] = Growing((first, again), solution + said + more)
    return found


def criticism_tokens(critic: VerifierPart) -> int | None:
    """The most tokens of one verdict's text; None: can't be told."""
    samples, longest = critic.most_samples(1), critic.longest()
    if samples is None or not set(samples) <= set(longest):
        return None
    all_said = sum(n * longest[role] for role, n in samples.items())
    return -(-all_said // max(1, getattr(critic, "verifications", 1)))


def _as_critic(by_role: Mapping[Role, T]) -> dict[Role, T]:
    """What a verifier says of its own role is a critic's here."""
    return {"critic" if role == "verifier" else role: one for role, one in by_role.items()}


def mean_score(verdicts: Sequence[Verification]) -> float | None:
    """From 0 to 1, over the verdicts that could be read; None where none could."""
    scores = [one.score for one in verdicts if one.score is not None]
    return sum(scores) / len(scores) if scores else None


def worst(verdicts: Sequence[Verification]) -> Verification:
    """The verdict that scores least, the first of several; one without a score if all are."""
    return min(verdicts, key=lambda one: 2.0 if one.score is None else one.score)


def first_wrong(solution: Solution, verdict: Verification, steps: str) -> int | None:
    """Which of a solution's steps a verdict finds wrong first, from 0; None where it names none.

    steps: the rule that cuts them. Where no step is called wrong but steps have scores, it is the
    one that scores least.
    """
    pieces = pieces_of(solution, steps)
    place = verdict.first_wrong_step
    if place is None and verdict.step_scores:
        place = int(np.argmin(verdict.step_scores))
    return None if place is None or not pieces else min(place, len(pieces) - 1)


def kept_before(solution: Solution, verdict: Verification, steps: str) -> str:
    """What stands before the first step that a verdict finds wrong; nothing where it names none."""
    return "".join(pieces_of(solution, steps)[: first_wrong(solution, verdict, steps) or 0])


def criticism(solution: Solution, verdict: Verification, steps: str) -> str:
    """What a verdict says, behind the first step that it finds wrong; "" where it says nothing."""
    wrong = first_wrong(solution, verdict, steps)
    said = without_thinking(verdict.text)
    if wrong is None:
        return said
    return f"{STEP}{pieces_of(solution, steps)[wrong].strip()}\n\n{said}".strip()
