"""Attempt at a problem + solutions -> verifications, one file per method."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

from ttc.core import (
    Attempt,
    Capabilities,
    Completion,
    Read,
    Role,
    SamplingParams,
    Solution,
    Verification,
)
from ttc.refs import BackendRef
from ttc.registry import Kind, MethodPart


class VerifierPart(MethodPart):
    """Base of verifier configs."""

    kind: ClassVar[Kind] = "verifier"
    read_by: ClassVar[tuple[str, ...]] = ("best_of_n", "weighted_majority", "pessimistic")
    """Policies that read what it says: those of a recipe with it that names no policies."""

    compares: ClassVar[bool] = False
    """Whether its scores are of pairs of solutions: none is a score of one solution by itself."""

    name: str = ""
    """Label in the tables; the type where none is given. Several verifiers need distinct ones. What
    stands behind a `/` is a verifier's own, for judgements of judgements (`meta/verdict`)."""
    backend: BackendRef | None = None
    """The model that verifies; the recipe's backend where none is named."""

    @property
    def label(self) -> str:
        return self.name or str(type(self).model_fields["type"].default)

    @property
    def verdict_line(self) -> str:
        """The line in which it would say that a solution is right, for attacks that imitate it."""
        from ttc.verdicts.attacks import line_of

        return line_of(str(type(self).model_fields["type"].default))

    def most_samples(self, solutions: int) -> Mapping[Role, int] | None:
        """The most samples that it asks for of so many solutions, by role; None: can't be told."""
        return None

    def longest(self) -> Mapping[Role, int]:
        """The most tokens that a sample has, by role, as far as they are known."""
        asked = self.asks(Capabilities())
        return {"verifier": max(params.max_tokens for params in asked)} if asked else {}

    def templates(self) -> Mapping[Role, str]:
        """The prompt template of roles that are asked one prompt for a solution, made from it and
        the problem alone. Of other roles it can't be told beforehand what their prompts cost.
        """
        return {}

    def fewer(self, solutions: int, verifications: int) -> Self:
        """The same with at most so many verifications, of so many solutions: for pilots."""
        return self

    def asks(self, offers: Capabilities) -> Sequence[SamplingParams]:
        """How it will sample from its model, as far as that is known beforehand.

        What others ask of that model in the same way is then drawn with the log-probabilities that
        this one needs, instead of anew; see `ttc.core.Model.expect`.
        """
        return ()

    def verification(
        self,
        of: Solution,
        index: int,
        by: Sequence[Completion | Verification | Read],
        **said: Any,
    ) -> Verification:
        """Verification number `index` of a solution, made of samples or of others' verifications.

        What they used is added up; text and finish_reason are the last one's, where `said`, the
        other fields of a `Verification`, does not have them.
        """
        last = by[-1] if by else None
        given: dict[str, Any] = {
            "verifier": self.label,
            "text": getattr(last, "text", ""),
            "verdict": None,
            "p_yes": None,
            "score": None,
            "finish_reason": getattr(last, "finish_reason", "stop"),
            "prompt_tokens": sum(one.prompt_tokens for one in by),
            "completion_tokens": sum(getattr(one, "completion_tokens", 0) for one in by),
            "seconds": math.fsum(one.seconds for one in by),
        }
        return Verification(
            problem_id=of.problem_id, solution_index=of.index, index=index, **given | said
        )

    def lacks(self, sampler: Any) -> tuple[str, str] | None:
        """What keeps it from judging a sampler's solutions: a field of the sampler, and what it
        does that the field must be set for. None where nothing does.
        """
        return None

    async def verify(
        self, attempt: Attempt, solutions: Sequence[Solution]
    ) -> Sequence[Verification]:
        """Verifications ordered by (solution, index); fewer than wanted where the budget ends."""
        raise NotImplementedError
