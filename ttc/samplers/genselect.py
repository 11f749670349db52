"""GenSelect (arXiv 2504.16891), AggLM (2509.06870), RSA (2509.26626): solutions read together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from ttc.core import Attempt, Role, SamplingParams, Solution
from ttc.errors import UsageError
from ttc.prompts import load_prompt
from ttc.refs import BackendRef
from ttc.registry import register
from ttc.samplers import Growing
from ttc.samplers.search.candidates import (
    Vote,
    is_pair,
    most_groups,
    most_numbering,
    shown,
    winner,
)
from ttc.samplers.search.drafts import DraftSampler, leading


@register
class GenSelect(DraftSampler):
    """A model reads several solutions at once and names the best, or writes one from them.

    select: candidates in groups, of each of which several votes name one, in rounds until one is
    left; who is shown where is drawn for every vote, and a group of one answer needs none. fuse:
    new solutions, each written from some of those before, and the vote of the last ones (with one
    round AggLM's way of use, with several RSA's).
    """

    roles: ClassVar[Mapping[str, Role]] = {"selector": "selector"}
    prompt_models: ClassVar[Mapping[str, str]] = {
        "select_prompt": "selector",
        "fuse_prompt": "selector",
    }
    prompt_variables: ClassVar[Mapping[str, frozenset[str]]] = {
        "prompt": frozenset(),
        "select_prompt": frozenset({"solutions", "solution_a", "solution_b"}),
        "fuse_prompt": frozenset({"solutions"}),
    }

    type: Literal["genselect"] = "genselect"
    mode: Literal["select", "fuse"] = "select"
    """Whether one of the candidates is the answer, or what is written from them."""
    solutions: int = Field(default=16, ge=1, le=100_000)
    """Candidates."""
    at_once: int = Field(default=8, ge=2, le=1000)
    """Candidates in one prompt at most; 2 where the prompt shows solutions A and B."""
    selections: int = Field(default=1, ge=1, le=100_000)
    """select: votes on each group; fuse: solutions that are written in each round."""
    rounds: int = Field(default=1, ge=1, le=1000)
    """fuse: how often what was written is fused again."""
    selector: BackendRef | None = None
    """The model that reads candidates; the recipe's where none is named."""
    select_prompt: str = "genselect"
    """Prompt template with {{ question }} and {{ solutions }}, which are numbered from 1, that ends
    in the best one's number in a box; or with {{ solution_a }} and {{ solution_b }}, and a letter.
    """
    fuse_prompt: str = "genfuse"
    """Prompt template with {{ question }} and {{ solutions }} for a solution of them."""
    select_temperature: float = Field(default=0.7, ge=0, le=1000)
    """Sampling temperature of votes."""
    select_tokens: int = Field(default=2048, ge=1, le=100_000_000)
    """Longest vote in tokens; what the budget reserves for each."""

    @model_validator(mode="after")
    def _two_at_once(self) -> Self:
        try:
            pairs = is_pair(load_prompt(self.select_prompt))
        except UsageError:  # of which recipes are told by themselves
            return self
        if self.mode == "select" and pairs and self.at_once != 2:
            raise ValueError(f"{self.select_prompt!r} shows two solutions, so at_once must be 2")
        return self

    def longest(self) -> Mapping[Role, int]:
        reads = self.max_tokens if self.mode == "fuse" else self.select_tokens
        if self.selector is None:
            return {"solver": max(self.max_tokens, reads)}
        return {"solver": self.max_tokens, "selector": reads}

    def growing(self) -> Mapping[Role, Growing]:
        reads = self.fuse_prompt if self.mode == "fuse" else self.select_prompt
        shown = self.at_once * (self.max_tokens + most_numbering(self.at_once))
        if self.selector is None:
            return {"solver": Growing((self.prompt, reads), shown)}
        return {"solver": Growing((self.prompt,)), "selector": Growing((reads,), shown)}

    def most_solutions(self) -> int:
        return max(self.solutions, self.selections if self.mode == "fuse" else 0)

    def most_samples(self) -> Mapping[Role, int]:
        if self.mode == "fuse":
            read = self.selections * self.rounds
        else:
            read = self.selections * most_groups(self.solutions, self.at_once)
        if self.selector is None:
            return {"solver": self.solutions + read}
        return {"solver": self.solutions, "selector": read}

    @property
    def _by(self) -> str:
        return "backend" if self.selector is None else "selector"

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        found = await self.drafts(attempt, self.solutions)
        if not found:
            return found
        attempt.answer(leading(attempt, found))
        if self.mode == "fuse":
            return await self._fused(attempt, found)
        best = await winner(attempt, found, self._vote())
        if best is not None:
            attempt.answer(best)
        return found

    def _vote(self) -> Vote:
        template = load_prompt(self.select_prompt)
        params = SamplingParams(
            temperature=self.select_temperature,
            max_tokens=self.select_tokens,
            stop=template.stop,
        )
        return Vote(template, params, self._by, self.selections, self.at_once)

    async def _fused(self, attempt: Attempt, found: Sequence[Solution]) -> Sequence[Solution]:
        """The solutions of the last round that the budget had enough for."""
        for _ in range(self.rounds):
            some = min(self.at_once, len(found))
            drawn = [
                [found[i] for i in attempt.rng.choice(len(found), some, replace=False)]
                for _ in range(self.selections)
            ]
            texts = [shown(load_prompt(self.fuse_prompt), one) for one in drawn]
            asks = [self.anew(attempt, self.fuse_prompt, by=self._by, show=one) for one in texts]
            samples = [one for row in await attempt.sample(*asks) for one in row]
            written = [s for s in samples if not s.completion.error]
            if attempt.refused or not written:
                break
            found = [attempt.solution(one.completion.text, [one]) for one in written]
            attempt.answer(leading(attempt, found))
        return found
