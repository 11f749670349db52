"""LaSeR (arXiv 2510.14943): the probability of one reserved token is the solver's own reward."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, Self

from pydantic import Field, model_validator

from ttc.core import Attempt, Read, Reading, Role, Solution, Verification
from ttc.errors import UsageError
from ttc.refs import BackendRef
from ttc.registry import register
from ttc.verifiers.one_each import OneEach


@register
class LastToken(OneEach):
    """Scores a solution by the probability of a reserved token behind it (arXiv 2510.14943)."""

    type: Literal["last-token"] = "last-token"
    token: str = Field(min_length=1, max_length=200)
    """The reserved token (z_c), as text that the model's tokenizer reads as that one token."""
    between: str = ""
    """What stands between solution and token, such as the mark that ends a turn."""
    beta: float = Field(default=0.1, gt=0, le=100)
    """Reward for a nat (beta_v)."""
    c_ref: float | None = Field(default=None, le=0)
    """What the reference model gives the token, in nats, where that is taken to be constant; with
    the weights of the paper -23.0 (Qwen2.5) or -25.0 (OctoThinker)."""
    reference: BackendRef | None = None
    """The reference model itself, asked for each solution, instead of `c_ref`: the exact form."""

    @model_validator(mode="after")
    def _one_reference(self) -> Self:
        if (self.c_ref is None) == (self.reference is None):
            raise ValueError("give either c_ref, a constant in nats, or reference, a model")
        return self

    @property
    def needs(self) -> Mapping[str, int]:
        exact = {} if self.reference is None else {"reference.text_logprobs": 1}
        return {"text_logprobs": 1, **exact}

    def most_samples(self, solutions: int) -> Mapping[Role, int]:
        own = super().most_samples(solutions)
        return own if self.reference is None else {**own, "reference": own["verifier"]}

    def longest(self) -> Mapping[Role, int]:
        return dict.fromkeys(self.most_samples(1), 0)

    async def verify(
        self, attempt: Attempt, solutions: Sequence[Solution]
    ) -> Sequence[Verification]:
        chosen = solutions[: self.solutions]
        asked = [self._readings(attempt, one) if one.answer is not None else () for one in chosen]
        reads = iter(await attempt.read(*[one for readings in asked for one in readings]))
        found = []
        for solution, readings in zip(chosen, asked, strict=True):
            read = [one for _, one in zip(readings, reads, strict=False)]
            if len(read) < len(readings):  # the budget is at its end
                break
            found.append(self._judge(solution, read))
        return found

    def _readings(self, attempt: Attempt, solution: Solution) -> list[Reading]:
        """The token behind the solution, where the solver wrote it."""
        last = next(reversed(attempt.samples(solution)), None)
        if last is None:
            raise UsageError(f"{self.type!r} needs solutions that a model wrote")
        text = last.prompt.prefill + last.completion.text + self.between
        prompt = replace(last.prompt, prefill=text)
        by = ["backend"] if self.reference is None else ["backend", "reference"]
        return [Reading(prompt, (self.token,), "logprobs", one, after=last) for one in by]

    def _judge(self, solution: Solution, reads: Sequence[Read]) -> Verification:
        """Without an answer there is nothing to ask: the paper gives it 0."""
        fault = next((read.finish_reason for read in reads if read.error), "")
        raw = self._raw(reads) if reads and not fault else None
        if raw is not None and not math.isfinite(raw):
            raw, fault = None, "no_probability"
        score = None if fault else min(1.0, max(0.0, raw or 0.0))
        reason = fault or ("read" if reads else "no_answer")
        verdict = None if score is None else score > 0.5
        said = {"verdict": verdict, "score": score, "finish_reason": reason, "raw": raw}
        return self.verification(solution, 0, reads, **said)

    def _raw(self, reads: Sequence[Read]) -> float:
        """Beta_v (log pi(z_c | x, y) - c_ref), or minus the reference model's own logprob of it."""
        for read in reads:
            if len(read.logprobs) != 1:
                raise UsageError(
                    f"{self.type!r}: the model reads the token {self.token!r} as "
                    f"{len(read.logprobs)} tokens; name one that is a token by itself"
                )
        own, *reference = (read.logprobs[0].logprob for read in reads)
        c_ref = reference[0] if reference else self.c_ref
        assert c_ref is not None
        return self.beta * (own - c_ref)
