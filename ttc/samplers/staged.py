"""Named stages with their own beam and verifier (SWE-Reasoner, arXiv 2503.23803)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import Field, field_validator

from ttc.core import Attempt, Role, Solution
from ttc.registry import register
from ttc.samplers import Growing, SamplerPart
from ttc.samplers.search.stages import Draft, Stage, ranked


@register
class Staged(SamplerPart):
    """Locates, patches and verifies in named stages, each with its own beam and verifier."""

    type: Literal["staged"] = "staged"
    stages: tuple[Stage, ...] = Field(min_length=1, max_length=20)
    """In their order. The last one's drafts are the solutions."""
    accept: float = Field(default=1.0, gt=0, le=1)
    """The last stage's score that ends the search."""

    @field_validator("stages")
    @classmethod
    def _named_once(cls, stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
        if len({stage.name for stage in stages}) < len(stages):
            raise ValueError("two stages have the same name")
        return stages

    def most_samples(self) -> Mapping[Role, int] | None:
        drawn = self._drawn()
        most: dict[Role, int] = {"solver": sum(drawn)}
        for stage, drafts in zip(self.stages, drawn, strict=True):
            asked = {} if stage.verifier is None else stage.verifier.most_samples(drafts)
            if asked is None:
                return None
            for role, count in asked.items():
                most[role] = most.get(role, 0) + count
        return most

    def longest(self) -> Mapping[Role, int]:
        found: dict[Role, int] = {"solver": max(stage.max_tokens for stage in self.stages)}
        for verifier in [stage.verifier for stage in self.stages if stage.verifier is not None]:
            for role, tokens in verifier.longest().items():
                found[role] = max(tokens, found.get(role, 0))
        return found

    def growing(self) -> Mapping[Role, Growing]:
        before = sum(s.max_tokens + len((s.begins or "").encode()) for s in self.stages[:-1])
        return {"solver": Growing(tuple(stage.prompt for stage in self.stages), before)}

    @property
    def first_longest(self) -> str:
        return "stages.0.max_tokens"

    def most_solutions(self) -> int:
        return 1

    def _drawn(self) -> list[int]:
        """The most drafts of each stage."""
        found, going = [], 1
        for stage in self.stages:
            found.append(going * stage.samples)
            going = min(stage.beam, found[-1])
        return found

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        drafts = [Draft()]
        for stage in self.stages[:-1]:
            rows = await attempt.sample(*[stage.ask(attempt, draft) for draft in drafts])
            grown = [
                one
                for draft, row in zip(drafts, rows, strict=False)
                for one in stage.grown(draft, row)
            ]
            drafts = (await stage.judged(attempt, grown))[: stage.beam]
        return await self._answer(attempt, drafts)

    async def _answer(self, attempt: Attempt, drafts: Sequence[Draft]) -> list[Solution]:
        """The last stage's best, which works on one draft after the other until one is accepted."""
        stage, found = self.stages[-1], list[Draft]()
        for draft in drafts:
            (row,) = await attempt.sample(stage.ask(attempt, draft))
            known = {one.text: one for one in found}
            new = stage.grown(draft, row)
            for one in new:
                if one.text in known:
                    known[one.text].votes += 1
            before = found[:1]
            fresh = [one for one in new if one.text not in known]
            found = ranked([*found, *await stage.judged(attempt, fresh)])
            if found and found[:1] != before:
                attempt.answer(found[0].made(attempt))
            if attempt.refused or any((d.score or 0) >= self.accept for d in found[:1]):
                break
        return [draft.made(attempt) for draft in found[:1]]
