"""DeepSeekMath-V2 (arXiv 2511.22570): a pool of solutions, refined by their worst reviews."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field

from ttc.core import Ask, Attempt, Role, Solution, Verification
from ttc.refs import BackendRef, VerifierRef
from ttc.registry import register
from ttc.samplers import Growing
from ttc.samplers.search.critics import (
    critic_longest,
    critic_samples,
    criticism_tokens,
    judged,
    mean_score,
    revision_growing,
)
from ttc.samplers.search.drafts import DraftSampler
from ttc.thinking import without_thinking

_GRADER: Any = {
    "type": "genrm",
    "name": "grader",
    "prompt": "grade",
    "score": "boxed",
    "verifications": 64,
    "temperature": 1.0,
    "top_p": 0.95,
}


@register
class ProofPool(DraftSampler):
    """A pool of solutions, many verifications of each, and refinement until one passes all.

    Defaults are the paper's high-compute search: 64 proofs, 64 verifications, 64 kept, 8
    refinements of each by one analysis, 16 rounds. The released script has others: solutions 128,
    keep 32, refinements 1, reviews 8 (at most 4 of a score, which is not done here), rounds 20, and
    4 verifications.
    """

    roles: ClassVar[Mapping[str, Role]] = {"critic": "critic", "reviser": "reviser"}
    prompt_models: ClassVar[Mapping[str, str]] = {"revise_prompt": "reviser"}
    prompt_variables: ClassVar[Mapping[str, frozenset[str]]] = {
        "prompt": frozenset(),
        "revise_prompt": frozenset({"solution", "verification"}),
    }

    type: Literal["proof-pool"] = "proof-pool"
    critic: VerifierRef = Field(default=_GRADER, validate_default=True)
    """Who verifies; how many verifications there are of each solution is its own setting. Where
    none is named, the solver grades in three levels."""
    solutions: int = Field(default=64, ge=1, le=100_000)
    """Solutions that the pool begins with."""
    keep: int = Field(default=64, ge=1, le=100_000)
    """Best solutions of the pool that are refined in a round."""
    refinements: int = Field(default=8, ge=1, le=1000)
    """New solutions from each of these in a round, by other reviews each."""
    reviews: int = Field(default=1, ge=1, le=1000)
    """Reviews that a refinement is shown. Those that score least go first."""
    rounds: int = Field(default=16, ge=0, le=1000)
    """Rounds of refinement at most."""
    threshold: float = Field(default=0.99999, ge=0, le=1)
    """A solution whose mean score is higher passes, which ends the search."""
    revise_prompt: str = "revise"
    """Prompt template with {{ question }}, {{ solution }} and {{ verification }}, the reviews."""
    reviser: BackendRef | None = None
    """The model that refines; the recipe's where none is named."""
    temperature: float = Field(default=1.0, ge=0, le=1000)
    """Sampling temperature of solutions."""
    top_p: float = Field(default=0.95, gt=0, le=1)
    """Nucleus sampling."""

    def most_solutions(self) -> int:
        return self.keep

    def most_samples(self) -> Mapping[Role, int] | None:
        new = self.rounds * self.keep * self.refinements
        judging = critic_samples(self.critic, self.solutions + new)
        if judging is None:
            return None
        if self.reviser is None:
            return {"solver": self.solutions + new, **judging}
        return {"solver": self.solutions, "reviser": new, **judging}

    def longest(self) -> Mapping[Role, int]:
        again = {} if self.reviser is None else {"reviser": self.max_tokens}
        return {**super().longest(), **again, **critic_longest(self.critic)}

    def growing(self) -> Mapping[Role, Growing]:
        apart, most = self.reviser is not None, self.max_tokens
        more = (self.reviews - 1) * (criticism_tokens(self.critic) or 0) + 2 * self.reviews
        return revision_growing(self.critic, self.prompt, self.revise_prompt, most, apart, more)

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        new = await self.drafts(attempt, self.solutions)
        pool: list[tuple[float, Solution, list[Verification]]] = []
        for left in reversed(range(self.rounds + 1)):
            if new and not pool:
                attempt.answer(new[0])
            verdicts = await judged(attempt, self.critic, new) if new else {}
            scored = [(mean_score(verdicts[one.index]), one) for one in new]
            pool += [(m, one, verdicts[one.index]) for m, one in scored if m is not None]
            # Sorting is stable: of equal scores the older solution is the better one.
            pool = sorted(pool, key=lambda one: -one[0])[: self.keep]
            if pool:
                attempt.answer(pool[0][1])
            if not pool or not left or attempt.refused or pool[0][0] > self.threshold:
                break
            asks = [ask for _, one, by in pool for ask in self._refine(attempt, one, by)]
            rows = await attempt.sample(*asks) if asks else []
            samples = [s for row in rows for s in row if not s.completion.error]
            new = [attempt.solution(s.completion.text, [s]) for s in samples]
        return [solution for _, solution, _ in pool] or new[: self.keep]

    def _refine(
        self, attempt: Attempt, solution: Solution, verdicts: Sequence[Verification]
    ) -> list[Ask]:
        """One ask for each group of a solution's reviews, the worst ones first; which of equal
        scores come first is drawn.
        """
        said = [one for one in verdicts if one.score is not None and one.text.strip()]
        drawn = [said[i] for i in attempt.rng.permutation(len(said))]
        drawn.sort(key=lambda one: one.score or 0.0)
        starts = range(0, len(drawn), self.reviews)[: self.refinements]
        return [
            self.anew(
                attempt,
                self.revise_prompt,
                by="backend" if self.reviser is None else "reviser",
                after=attempt.samples(solution)[-1],
                show={
                    "solution": without_thinking(solution.text),
                    "verification": "\n\n".join(
                        without_thinking(one.text) for one in drawn[i : i + self.reviews]
                    ),
                },
            )
            for i in starts
        ]
