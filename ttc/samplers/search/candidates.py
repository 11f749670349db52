"""Several solutions in one prompt, and what is read of the model that chooses among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ttc.core import Ask, Attempt, SamplingParams, Solution
from ttc.prompts import PromptTemplate, render_problem
from ttc.thinking import without_thinking
from ttc.verdicts.boxed import boxed_index
from ttc.verdicts.letters import find_letter


@dataclass(frozen=True)
class Vote:
    """How one of several is chosen: so many votes of a model, each on `most` candidates at most."""

    template: PromptTemplate
    params: SamplingParams
    by: str
    votes: int
    most: int


def is_pair(template: PromptTemplate) -> bool:
    """Whether a template shows two solutions, A and B, of which one letter is the better."""
    return template.shows("solution_a")


def shown(template: PromptTemplate, candidates: Sequence[Solution]) -> dict[str, str]:
    """What a template shows of them, in this order: solutions A and B, or a numbered list."""
    texts = [without_thinking(one.text) for one in candidates]
    if is_pair(template):
        return {"solution_a": texts[0], "solution_b": texts[1]}
    numbered = (f"{_numbered(i)}{text}" for i, text in enumerate(texts, 1))
    return {"solutions": "\n\n".join(numbered)}


def _numbered(i: int) -> str:
    return f"Solution {i}:\n"


def most_numbering(candidates: int) -> int:
    """Characters that a list of so many has for each, at most."""
    return len(_numbered(candidates)) + len("\n\n")


def chosen(template: PromptTemplate, text: str, candidates: Sequence[Solution]) -> Solution | None:
    """Which of the candidates, in the order in which they were shown, a text names; None for a tie,
    for "none", for a number that there is not, and where nothing can be read.
    """
    if is_pair(template):
        letter = find_letter(text)
        number = None if letter is None else {"A": 1, "B": 2}.get(letter.word)
    else:
        number = boxed_index(text)
    return candidates[number - 1] if number and 1 <= number <= len(candidates) else None


def elected(candidates: Sequence[Solution], votes: Sequence[Solution | None]) -> Solution:
    """The candidate with most votes; of several, or without a vote, the first of these."""
    counts = Counter(one.index for one in votes if one is not None)
    return max(candidates, key=lambda one: counts[one.index])


def groups(count: int, most: int) -> list[range]:
    """Places 0 to `count` in as few groups of at most `most` as can be, of nearly equal size."""
    number = -(-count // most)
    cuts = [count * i // number for i in range(number + 1)]
    return [range(a, b) for a, b in pairwise(cuts)]


def most_groups(count: int, most: int) -> int:
    """How many groups of more than one there are in all rounds, until one candidate is left."""
    total = 0
    while count > 1:
        found = groups(count, most)
        total += sum(len(part) > 1 for part in found)
        count = len(found)
    return total


async def winner(attempt: Attempt, candidates: Sequence[Solution], how: Vote) -> Solution | None:
    """The one that is left after rounds of votes on groups; None where the budget ended them.

    Who meets whom, and in which order a vote is shown them, is drawn.
    """
    left: list[Solution] = [candidates[i] for i in attempt.rng.permutation(len(candidates))]
    while len(left) > 1:
        parts = [[left[i] for i in part] for part in groups(len(left), how.most)]
        contested = [part for part in parts if _differ(attempt, part)]
        found = await _votes(attempt, contested, how)
        if sum(map(len, found)) < how.votes * len(contested):
            return None
        of = {part[0].index: votes for part, votes in zip(contested, found, strict=True)}
        left = [elected(part, of.get(part[0].index, ())) for part in parts]
    return left[0]


def _differ(attempt: Attempt, part: Sequence[Solution]) -> bool:
    """Whether there is anything to choose: other answers, or none that could be read."""
    classes = attempt.classes(part)
    return len(part) > 1 and (len(set(classes.tolist())) > 1 or bool(classes[0] < 0))


async def _votes(
    attempt: Attempt, parts: Sequence[Sequence[Solution]], how: Vote
) -> list[list[Solution | None]]:
    """Those on each group; fewer where the budget ends."""
    orders = [
        [part[i] for i in attempt.rng.permutation(len(part))]
        for part in parts
        for _ in range(how.votes)
    ]
    asks = [
        Ask(
            render_problem(how.template, attempt.problem, **shown(how.template, o)),
            how.params,
            1,
            how.by,
        )
        for o in orders
    ]
    rows = await attempt.sample(*asks) if asks else []
    read = [
        [chosen(how.template, one.completion.text, order) for one in row]
        for order, row in zip(orders, rows, strict=True)
    ]
    each = (read[i : i + how.votes] for i in range(0, len(read), how.votes))
    return [[vote for row in rows for vote in row] for rows in each]
