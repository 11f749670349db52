"""DeepSeekMath-V2 (arXiv 2511.22570): a pool of solutions, refined by their worst reviews."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from ttc.core import Ask, Attempt, Role, Solution, Verification
from ttc.refs import CriticRef
from ttc.registry import register
from ttc.samplers import Growing
from ttc.samplers.search.critics import criticism_tokens, judged, mean_score
from ttc.samplers.search.revising import RevisingSampler
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
class ProofPool(RevisingSampler):
    """A pool of solutions, many verifications of each, and refinement until one passes all.

    Defaults are the paper's high-compute search: 64 proofs, 64 verifications, 64 kept, 8
    refinements of each by one analysis, 16 rounds. The released script has others: solutions 128,
    keep 32, refinements 1, reviews 8 (at most 4 of a score, which is not done here), rounds 20, and
    4 verifications.
    """

    type: Literal["proof-pool"] = "proof-pool"
    critic: CriticRef = Field(default=_GRADER, validate_default=True)
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
    temperature: float = Field(default=1.0, ge=0, le=1000)
    """Sampling temperature of solutions."""
    top_p: float = Field(default=0.95, gt=0, le=1)
    """Nucleus sampling."""

    def most_solutions(self) -> int:
        return self.keep

    def most_samples(self) -> Mapping[Role, int] | None:
        new = self.rounds * self.keep * self.refinements
        return self.samples(self.solutions, new, self.solutions + new)

    def growing(self) -> Mapping[Role, Growing]:
        others = (self.reviews - 1) * (criticism_tokens(self.critic) or 0)
        return self.revisions(others + 2 * self.reviews)

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
        texts = [without_thinking(one.text) for one in drawn]
        joined = ["\n\n".join(texts[i : i + self.reviews]) for i in starts]
        return [self.revise(attempt, solution, one) for one in joined]
