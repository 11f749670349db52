"""What the network with several roles does on held-out problems: for the card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ttc.nano.engine import NanoModel
from ttc.nano.prompts import (
    VERDICT,
    revision_prompt,
    solver_prompt,
    spoc_prompt,
    verifier_prompt,
)
from ttc.nano.reading import token_logprobs
from ttc.nano.sampling import Sample
from ttc.nano.tasks import NanoProblem, final_answer
from ttc.nano.training.judging import Case, ask

BETA_V = 0.1
RESERVED = "\ufffd"
SPOC_TOKENS = 480


def solve(model: NanoModel, problems: Sequence[NanoProblem], samples: int) -> list[list[Case]]:
    """Solutions of each problem."""
    said = ask(model, [solver_prompt(p.question) for p in problems], samples)
    return [[Case(p, s.text) for s in row] for p, row in zip(problems, said, strict=True)]


def self_verify(model: NanoModel, cases: Sequence[Case], samples: int) -> list[list[Sample]]:
    """Verifications in the same text as the solution."""
    return ask(model, [verifier_prompt(c.problem.question, c.solution) for c in cases], samples)


def verdict(sample: Sample) -> float:
    """1 for Yes, 0 for No, NaN for neither."""
    tail = sample.text.rpartition(VERDICT)[2].strip()
    return {"Yes": 1.0, "No": 0.0}.get(tail, np.nan)


def self_rewards(model: NanoModel, cases: Sequence[Case], c_ref: float) -> NDArray[np.float64]:
    """LaSeR's score of each solution: beta_v (log pi(z_c | x, y) - c_ref)."""
    texts = [model.text(solver_prompt(c.problem.question), [c.solution, RESERVED]) for c in cases]
    return np.array([BETA_V * (row[-1][1] - c_ref) for row in token_logprobs(model, texts)])


def revise(model: NanoModel, cases: Sequence[Case], verifications: Sequence[str]) -> list[Case]:
    """A new solution of each case, given a verification."""
    said = ask(
        model,
        [
            revision_prompt(c.problem.question, c.solution, v)
            for c, v in zip(cases, verifications, strict=True)
        ],
    )
    return [Case(c.problem, s[0].text if s else "") for c, s in zip(cases, said, strict=True)]


@dataclass(frozen=True)
class Pass:
    """One pass of attempts and verifications: the first answer's and the last answer's mark."""

    first: bool
    last: bool
    attempts: int
    accepted: bool
    tokens: int


def spoc(model: NanoModel, problems: Sequence[NanoProblem], samples: int) -> list[Pass]:
    """Passes over each problem, all in one list."""
    said = ask(model, [spoc_prompt(p.question) for p in problems], samples, SPOC_TOKENS)
    out = []
    for problem, row in zip(problems, said, strict=True):
        for sample in row:
            first = sample.text.partition("\nVerification:\n")[0]
            out.append(
                Pass(
                    first=final_answer(first) == problem.answer,
                    last=final_answer(sample.text) == problem.answer,
                    attempts=1 + sample.text.count("\nRevision:\n"),
                    accepted=verdict(sample) == 1,
                    tokens=sample.completion_tokens,
                )
            )
    return out
