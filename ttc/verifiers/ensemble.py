"""Several verifiers as one: a weighted combination of their scores (Weaver, arXiv 2506.18203)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from ttc.core import Attempt, Role, Solution, Verification
from ttc.refs import CriticRef
from ttc.registry import register
from ttc.verifiers import VerifierPart
from ttc.verifiers.turns import whole_first


@register
class Ensemble(VerifierPart):
    """Combines the mean scores of several verifiers by weights, into one score (2506.18203).

    Weights are equal, or given by label; `ttc tune RUN --weights` finds some on problems of their
    own, by labels or by agreement alone.
    """

    later: ClassVar[frozenset[str]] = frozenset({"tuned"})
    waves: ClassVar[int | None] = 0

    type: Literal["ensemble"] = "ensemble"
    verifiers: tuple[CriticRef, ...] = Field(min_length=2)
    """Those that judge; their judgements are stored under their own names, too."""
    weights: dict[str, float] = Field(default={})
    """By label of a verifier; all 1 where none are given. Under `mean` none may be negative."""
    combine: Literal["mean", "logistic"] = "mean"
    """mean: the weighted mean of the scores that there are; logistic: 1 / (1 + exp(-(intercept +
    the weighted sum of scores))), a missing score counting as one half."""
    intercept: float = 0.0
    """Of a logistic combination."""
    tuned: str = Field(default="", max_length=1000)
    """File of `ttc tune` that the weights are from: no policy is evaluated on its problems."""

    @field_validator("verifiers")
    @classmethod
    def _alone(cls, verifiers: tuple[VerifierPart, ...]) -> tuple[VerifierPart, ...]:
        labels = [one.label for one in verifiers]
        if len(set(labels)) < len(labels):
            raise ValueError("two verifiers have one label; give each a 'name' of its own")
        return verifiers

    @model_validator(mode="after")
    def _known(self) -> Ensemble:
        labels = [one.label for one in self.verifiers]
        if self.weights and set(self.weights) != set(labels):
            raise ValueError(f"weights must name each of {', '.join(labels)}, and nothing else")
        if not all(map(math.isfinite, (*self.weights.values(), self.intercept))):
            raise ValueError("weights and intercept must be finite numbers")
        if self.combine == "mean":
            if self.intercept:
                raise ValueError("intercept is for combine: logistic")
            if self.weights and (min(self.weights.values()) < 0 or not sum(self.weights.values())):
                raise ValueError("weights of a mean must be positive or 0, and not all 0")
        return self

    def most_samples(self, solutions: int) -> Mapping[Role, int] | None:
        total: dict[Role, int] = {}
        for one in self.verifiers:
            most = one.most_samples(solutions)
            if most is None:
                return None
            for role, n in most.items():
                total[role] = total.get(role, 0) + n
        return total

    def longest(self) -> Mapping[Role, int]:
        found: dict[Role, int] = {}
        for one in self.verifiers:
            for role, tokens in one.longest().items():
                found[role] = max(tokens, found.get(role, 0))
        return found

    def fewer(self, solutions: int, verifications: int) -> Self:
        fewer = tuple(one.fewer(solutions, verifications) for one in self.verifiers)
        return self.model_copy(update={"verifiers": fewer})

    async def verify(
        self, attempt: Attempt, solutions: Sequence[Solution]
    ) -> Sequence[Verification]:
        judged: dict[int, dict[str, list[Verification]]] = {s.index: {} for s in solutions}
        # Each has its part of a budget, and from the first that not all have judged there is no
        # combination.
        parts = attempt.split(*[1 / len(self.verifiers)] * len(self.verifiers))
        for verifier, part in zip(self.verifiers, parts, strict=True):
            for one in await part.judge(verifier, solutions):
                judged[one.solution_index].setdefault(verifier.label, []).append(one)
        whole = whole_first(solutions, lambda s: len(judged[s.index]) == len(self.verifiers))
        return [self._combined(s, judged[s.index]) for s in whole]

    def _combined(
        self, solution: Solution, judged: Mapping[str, Sequence[Verification]]
    ) -> Verification:
        """One verification of a solution, of all that was said of it."""
        means = {}
        for label, own in judged.items():
            said = [one.score for one in own if one.score is not None]
            if said:
                means[label] = math.fsum(said) / len(said)
        score = self.score(means)
        told = "\n".join(f"{label}: {mean:.6g}" for label, mean in means.items())
        verdict = None if score is None else score > 0.5
        every = [one for own in judged.values() for one in own]
        return self.verification(solution, 0, every, text=told, verdict=verdict, score=score)

    def score(self, means: Mapping[str, float]) -> float | None:
        """The combination of mean scores by label; None where no verifier gives one that counts."""
        weights = {one.label: self.weights.get(one.label, 1.0) for one in self.verifiers}
        if self.combine == "mean":
            total = math.fsum(weights[label] for label in means)
            summed = math.fsum(weights[label] * mean for label, mean in means.items())
            return min(1.0, max(0.0, summed / total)) if total > 0 else None
        if not means:
            return None
        odds = self.intercept + math.fsum(w * means.get(label, 0.5) for label, w in weights.items())
        return 1 / (1 + math.exp(-odds)) if odds > -700 else 0.0
