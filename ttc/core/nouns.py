"""Problem, solution, verification: the three things every table is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One question with its gold answer. `choices` are option texts, in order A, B, C ..."""

    id: str
    question: str
    answer: str
    choices: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Solution:
    """One sampled attempt at a problem.

    `answer` is what the answer rule extracted, None where it found none. `prompt_tokens` counts
    the whole prompt although samples of one problem may share it; how shared prompts are charged
    is the cost model's choice. `mean_logprob` is nats per completion token, None where not asked
    for. `steps` are the solution's steps where the method knows them, else empty. `repeat`: of
    which attempt at the problem; `first_sample`, `last_sample`: of those that it is made of, by
    their numbers in that. `returned`: whether the method gave it in the end and policies choose of
    it; what it only answered with or had judged on the way is stored without a vote.
    """

    problem_id: str
    index: int
    text: str
    answer: str | None
    prompt_tokens: int
    completion_tokens: int
    finish_reason: str
    mean_logprob: float | None = None
    steps: tuple[str, ...] = ()
    seconds: float = 0.0
    repeat: int = 0
    first_sample: int | None = None
    last_sample: int | None = None
    returned: bool = True


@dataclass(frozen=True, slots=True)
class Verification:
    """One judgement of one solution.

    `verdict` is True (correct), False or None (no verdict could be read: invalid, kept and
    counted). `p_yes` is P(Yes) read from token probabilities, None where they are missing.
    `score` in [0, 1] is what policies use, None for an invalid verification.
    `step_scores` are probabilities of correctness by step, where the method gives them, and
    `first_wrong_step` is the first that it finds wrong, from 0. `of`: of a judgement of another
    judgement, that one's index; `against`: of a comparison, the index of the other solution, over
    which `score` is the probability that this one is better. `raw` is the measure in its own unit,
    where `score` is a squashed form of it.
    """

    problem_id: str
    solution_index: int
    index: int
    verifier: str
    text: str
    verdict: bool | None
    p_yes: float | None
    score: float | None
    prompt_tokens: int
    completion_tokens: int
    finish_reason: str
    step_scores: tuple[float, ...] = ()
    seconds: float = 0.0
    first_wrong_step: int | None = None
    of: int | None = None
    against: int | None = None
    raw: float | None = None
