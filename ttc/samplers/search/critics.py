"""What samplers that have solutions criticised share: verdicts, and what they may cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from statistics import fmean
from typing import TypeVar

import numpy as np

from ttc.core import Attempt, Role, Solution, Verification
from ttc.samplers import Growing
from ttc.thinking import without_thinking
from ttc.verdicts.steps import pieces_of
from ttc.verifiers import VerifierPart

T = TypeVar("T")
_WRONG, _DOUBTED = "The first wrong step: ", "The step with the least reward: "
POINTED = max(len(_WRONG), len(_DOUBTED))
"""Characters, and so tokens at most, that lead to the step that is quoted."""


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


def accepted(verdicts: Sequence[Verification], threshold: float) -> bool:
    """Whether the verdicts' mean score is as much, and so is each step's where they score steps:
    a reward of the last step may be high behind a wrong one (critique-refine, arXiv 2504.00891).
    """
    score = mean_score(verdicts)
    steps = zip_longest(*[one.step_scores for one in verdicts if one.score is not None])
    rewards = [fmean(one for one in step if one is not None) for step in steps]
    return score is not None and min([score, *rewards]) >= threshold


def worst(verdicts: Sequence[Verification]) -> Verification:
    """The verdict with the least score, of itself or of a step, and the first of several; one
    without a score if all are.
    """
    return min(verdicts, key=lambda v: 2.0 if v.score is None else min(v.score, *v.step_scores, 2))


def _pointed(solution: Solution, verdict: Verification, steps: str) -> int | None:
    """The step that a verdict points at, from 0: the first that it finds wrong, else the one with
    the least of its rewards, if these differ. None where it says nothing of the kind, or has more
    steps than the solution: it counts others, such as those of a summary.

    steps: the rule that cuts them.
    """
    pieces = pieces_of(solution, steps)
    place, rewards = verdict.first_wrong_step, verdict.step_scores
    if place is None and rewards and min(rewards) < max(rewards):
        place = int(np.argmin(rewards))
    if place is None or not pieces or len(rewards) > len(pieces):
        return None
    return min(place, len(pieces) - 1)


def kept_before(solution: Solution, verdict: Verification, steps: str) -> str:
    """What stands before the step that a verdict points at; nothing where it does at none."""
    return "".join(pieces_of(solution, steps)[: _pointed(solution, verdict, steps) or 0])


def criticism(solution: Solution, verdict: Verification, steps: str) -> str:
    """What a verdict says, behind the step that it points at; "" where it says nothing."""
    place = _pointed(solution, verdict, steps)
    said = without_thinking(verdict.text)
    if place is None:
        return said
    lead = _DOUBTED if verdict.first_wrong_step is None else _WRONG
    return f"{lead}{pieces_of(solution, steps)[place].strip()}\n\n{said}".strip()
