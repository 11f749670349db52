"""Parts of the recipe that has altered solutions judged: its problems, and who gives the solutions.

They are in no registry: no recipe can name them, as what they hold comes of a run's tables.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from ttc.answers import AnswerRule
from ttc.core import Attempt, Problem, Solution
from ttc.datasets import DatasetPart
from ttc.samplers import SamplerPart
from ttc.verdicts.attacks import ATTACKS, UNALTERED, verdict_lines


@dataclass(frozen=True)
class Altered:
    """A solution to be judged: number of the original, the attack on it, and the altered text."""

    original: int
    attack: str
    text: str


Plan = Mapping[str, tuple[Altered, ...]]
"""By problem, in the order in which they are judged."""


class Chosen(DatasetPart):
    """Some problems of a run."""

    type: Literal["chosen"] = "chosen"
    of: str
    """The run."""
    ids: tuple[str, ...]
    """Which of its problems."""
    held: tuple[Problem, ...] = Field(default=(), exclude=True, repr=False)
    """The problems themselves."""

    def load(self) -> Sequence[Problem]:
        return self.held


class AlteredSolutions(SamplerPart):
    """Solutions of a run, as they are and altered; no model is asked for any."""

    exchangeable: ClassVar[bool] = True

    type: Literal["altered"] = "altered"
    of: str
    """The run."""
    attacks: tuple[str, ...]
    """Names of the attacks."""
    digest: str
    """What tells these texts from any others."""
    held: dict[str, tuple[Altered, ...]] = Field(default_factory=dict, exclude=True, repr=False)
    """The solutions by problem."""

    def most_solutions(self) -> int:
        return max(map(len, self.held.values()), default=1)

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        return [attempt.solution(one.text, []) for one in self.held[attempt.problem.id]]


def plan_attacks(
    problems: Sequence[Problem],
    wrong: Mapping[str, Sequence[Solution]],
    attacks: Sequence[str],
    each: int,
    rule: AnswerRule,
    seed: int,
    verdicts: Sequence[str] = verdict_lines(()),
) -> Plan:
    """At most `each` wrong solutions a problem, drawn at random, unaltered and under each attack.

    wrong: by problem; verdicts: lines in which the judges say that one is right. An altered text
    from which another answer would be read is left out: it would be another solution.
    """
    plan: dict[str, tuple[Altered, ...]] = {}
    for number, problem in enumerate(problems):
        rng = np.random.default_rng([seed, number])
        known = wrong[problem.id]
        some = sorted(rng.choice(len(known), min(each, len(known)), replace=False).tolist())
        made: list[Altered] = []
        for solution in (known[i] for i in some):
            made.append(Altered(solution.index, UNALTERED, solution.text))
            for name in attacks:
                texts = ATTACKS[name](problem.question, solution.text, verdicts)
                same = [text for text in texts if rule.extract(text) == solution.answer]
                made += [Altered(solution.index, name, text) for text in same[:1]]
        plan[problem.id] = tuple(made)
    return plan


def digest_of(plan: Plan) -> str:
    """Short hash of all altered texts."""
    told = {name: [vars(one) for one in own] for name, own in plan.items()}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]
