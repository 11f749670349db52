"""What is chosen of the solutions to a question, as a run's pages tell it of its problems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ttc.analysis.drawn import given
from ttc.answering.policies import Chooser
from ttc.core import Solution, Verification
from ttc.errors import UsageError
from ttc.pipeline.collect import Attempted
from ttc.policies import Drawn, StoppingRule

_MOST_VOTES = 32


@dataclass(frozen=True)
class Chosen:
    """solution: None where nothing was chosen; used: after how many solutions a rule stopped that
    stops, else None; votes: each answer with its solutions and their mean score, the most frequent
    first, of `answers` in all.
    """

    solution: Solution | None
    used: int | None
    votes: list[dict[str, Any]]
    answers: int


def choose(who: Chooser, attempted: Attempted) -> Chosen:
    """Choose of what a method returned. Raises `UsageError` where the policy can't read it."""
    classes = np.asarray(attempted.classes.index)
    voting = [i for i, one in enumerate(attempted.solutions) if one.returned]
    voters = [attempted.solutions[i] for i in voting]
    mine = [v for v in attempted.verifications if who.verifier and v.verifier == who.verifier]
    scores = mean_scores(voters, mine)
    votes, answers = _votes(voters, classes[voting], scores)
    if who.policy is None:
        return Chosen(_answered(attempted), None, votes, answers)
    if not voters:
        return Chosen(None, None, votes, answers)
    own = {one.index for one in voters}
    judged = [v for v in mine if v.solution_index in own]
    drawn = Drawn.of(voters, classes[voting], judged)
    if not who.policy.can_read(given(drawn.more)):
        raise UsageError(f"the policy {who.name!r} can't read what this recipe's solutions give")
    choice = who.policy.picks(drawn, ())
    used = who.policy.used(drawn) if isinstance(who.policy, StoppingRule) else None
    if choice < 0:
        return Chosen(None, used, votes, answers)
    of = [i for i in range(len(voters)) if drawn.classes[i] == choice]
    return Chosen(voters[foremost(of, scores)], used, votes, answers)


def foremost(places: Sequence[int], scores: Sequence[float]) -> int:
    """Of solutions with one answer, that with the best mean score; the first of equals."""
    return max(places, key=lambda i: (-np.inf if np.isnan(scores[i]) else scores[i], -i))


def mean_scores(voters: Sequence[Solution], judged: Sequence[Verification]) -> list[float]:
    """Mean of each solution's valid scores, NaN without any."""
    said: dict[int, list[float]] = {one.index: [] for one in voters}
    for one in judged:
        if one.score is not None and one.solution_index in said:
            said[one.solution_index].append(one.score)
    return [float(np.mean(said[one.index])) if said[one.index] else np.nan for one in voters]


def _answered(attempted: Attempted) -> Solution | None:
    """The sampler's own last word; None where it withheld one."""
    by_index = {one.index: one for one in attempted.solutions}
    final = [one for one in attempted.answers if one.final]
    found = by_index.get(final[-1].solution_index) if final else None
    return None if found is None or (not found.text and found.first_sample is None) else found


def _votes(
    voters: Sequence[Solution], classes: np.ndarray[Any, Any], scores: Sequence[float]
) -> tuple[list[dict[str, Any]], int]:
    found: list[dict[str, Any]] = []
    counts = Counter(classes.tolist()).most_common()
    for number, count in counts[:_MOST_VOTES]:
        members = [i for i, one in enumerate(classes) if one == number]
        valid = [scores[i] for i in members if not np.isnan(scores[i])]
        answer = voters[members[0]].answer if number >= 0 else None
        vote = {"answer": answer, "solutions": count}
        found.append(vote | ({"score": float(np.mean(valid))} if valid else {}))
    return found, sum(number >= 0 for number, _ in counts)
