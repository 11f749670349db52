"""Base of verifiers that judge each solution once. No verifier itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from pydantic import Field

from ttc.core import Role
from ttc.verifiers import VerifierPart


class OneEach(VerifierPart):
    """One verification for each solution."""

    solutions: int | None = Field(default=None, ge=1, le=1_000_000)
    """Verify only the first so many solutions of each problem; all where none is named."""

    def most_samples(self, solutions: int) -> Mapping[Role, int]:
        return {"verifier": self.judged(solutions)}

    def judged(self, solutions: int) -> int:
        """Of so many solutions."""
        return min(solutions, self.solutions or solutions)

    def fewer(self, solutions: int, verifications: int) -> Self:
        return self.model_copy(update={"solutions": self.judged(solutions)})
