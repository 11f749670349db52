"""Self-Refine (arXiv 2303.17651), critique-refine (2504.00891): drafts, criticised and revised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from ttc.core import Ask, Attempt, Role, Solution, Verification
from ttc.refs import CriticRef
from ttc.registry import register
from ttc.samplers import Growing
from ttc.samplers.search.critics import (
    POINTED,
    accepted,
    critic_growing,
    criticism,
    judged,
    kept_before,
    mean_score,
    worst,
)
from ttc.samplers.search.drafts import continued, leading
from ttc.samplers.search.revising import RevisingSampler
from ttc.steps import StepRule, split_steps
from ttc.thinking import without_thinking

_SELF: Any = {
    "type": "genrm",
    "name": "self-critique",
    "prompt": "critique",
    "score": "binary",
    "verifications": 1,
}


@register
class Refine(RevisingSampler):
    """Revises drafts until a critic, any verifier or the solver itself, accepts them."""

    type: Literal["refine"] = "refine"
    critic: CriticRef = Field(default=_SELF, validate_default=True)
    """Who criticises; where none is named, the solver itself in words (Self-Refine)."""
    rounds: int = Field(default=3, ge=0, le=1000)
    """Revisions of a draft at most."""
    threshold: float = Field(default=0.5, ge=0, le=1)
    """A draft whose verdicts score as much in the mean is accepted; by a critic that scores steps,
    each of these, too."""
    restart: Literal["anew", "first_wrong_step"] = "anew"
    """anew: the model is shown draft and criticism, and writes another solution; first_wrong_step:
    what stands before the first step that the critic finds wrong is kept, and gone on from."""
    steps: StepRule = "blank_line"
    """Where steps end, for critics that name steps: blank_line, line, or begins:TEXT."""
    keep: Literal["last", "best"] = "last"
    """The answer is the last draft, or the one with the best verdicts, for which the last one is
    judged, too."""
    chains: int = Field(default=1, ge=1, le=100_000)
    """Drafts that are refined, one after the other; their answers are voted on."""

    @property
    def continues(self) -> bool:  # type: ignore[override]
        return self.restart == "first_wrong_step"

    def most_solutions(self) -> int:
        return self.chains

    def most_samples(self) -> Mapping[Role, int] | None:
        drafts, again = self.chains, self.chains * self.rounds
        if self.continues:  # which the solver does
            drafts, again = drafts + again, 0
        found = self.samples(drafts, again, self.chains * (self.rounds + (self.keep == "best")))
        return found and {role: n for role, n in found.items() if role != "reviser" or again}

    def growing(self) -> Mapping[Role, Growing]:
        most = self.max_tokens
        if self.continues:
            solution = Growing((self.prompt,), self.rounds * most)
            return {"solver": solution, **critic_growing(self.critic, (self.rounds + 1) * most)}
        return self.revisions(most + POINTED)  # the step that a critic finds wrong is quoted

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        found: list[Solution] = []
        while len(found) < self.chains and not attempt.refused:
            one = await self._chain(attempt, speaks=not found)
            if one is None:
                break
            found.append(one)
            attempt.answer(leading(attempt, found))
        return found

    async def _chain(self, attempt: Attempt, speaks: bool) -> Solution | None:
        """A draft and its revisions. speaks: whether the attempt has no better answer yet."""
        draft = await self._written(attempt, self.begin(attempt), "")
        best, most = draft, -1.0
        for left in reversed(range(self.rounds + 1)):
            if draft is None:
                break
            best = draft if self.keep == "last" else best
            if speaks and best is not None:
                attempt.answer(best)
            if (not left and self.keep == "last") or not draft.text.strip():
                break
            verdicts = (await judged(attempt, self.critic, [draft]))[draft.index]
            score = mean_score(verdicts)
            if self.keep == "best" and score is not None and score > most:
                best, most = draft, score
            if not left or not verdicts or accepted(verdicts, self.threshold):
                break
            draft = await self._revised(attempt, draft, worst(verdicts))
        return best

    async def _revised(
        self, attempt: Attempt, draft: Solution, verdict: Verification
    ) -> Solution | None:
        """The next draft; None where the critic has nothing to say, or the budget ends."""
        if self.continues:
            last = attempt.samples(draft)[-1]
            kept = kept_before(draft, verdict, self.steps)
            return await self._written(attempt, continued(self.begin(attempt), kept, last), kept)
        said = criticism(draft, verdict, self.steps)
        if not said:
            return None
        return await self._written(attempt, self.revise(attempt, draft, said), "")

    async def _written(self, attempt: Attempt, ask: Ask, kept: str) -> Solution | None:
        """A draft with the text that it begins with; None where no other came than there is."""
        (samples,) = await attempt.sample(ask)
        if not samples or (samples[0].completion.error and ask.after is not None):
            return None
        text = kept + samples[0].completion.text
        return attempt.solution(text, samples, split_steps(without_thinking(text), self.steps))
