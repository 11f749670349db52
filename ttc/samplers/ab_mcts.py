"""AB-MCTS (arXiv 2503.04412): a new solution, or a refinement of one? By Thompson sampling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field

from ttc.core import Ask, Attempt, Role, Solution, Verification
from ttc.prompts import load_prompt, render_problem
from ttc.refs import BackendRef, CriticRef
from ttc.registry import register
from ttc.samplers import Growing, SamplerPart
from ttc.samplers.independent import Independent
from ttc.samplers.search.critics import critic_longest, critic_samples, revision_growing
from ttc.samplers.search.leading import Choice, Leading
from ttc.samplers.search.trees import Tree, Trial, treequest
from ttc.thinking import without_thinking

_SCORE = 8
"""Tokens of a score in a prompt, at most."""
_Node = tuple[Solution, Verification]
"""A solution and its lowest verdict."""


@register
class ABMCTS(SamplerPart):
    """A tree of solutions; Thompson sampling draws a new one or refines one there is."""

    extra: ClassVar[str | None] = "search"
    prompt_models: ClassVar[Mapping[str, str]] = {"revise_prompt": "reviser"}
    prompt_variables: ClassVar[Mapping[str, frozenset[str]]] = {
        "revise_prompt": frozenset({"solution", "verification", "score"}),
    }

    type: Literal["ab-mcts"] = "ab-mcts"
    draw: Independent = Independent()
    """How each solution is drawn, new ones and refinements; its number is not used."""
    critic: CriticRef
    """Who scores: any verifier. A node's score is the mean of its valid verdicts."""
    solutions: int = Field(default=16, ge=1, le=100_000)
    """Solutions at most, new ones and refinements."""
    batch: int = Field(default=1, ge=1, le=10_000)
    """Solutions asked for at a time: more take less time, and are chosen knowing less."""
    prior: Literal["gaussian", "beta"] = "gaussian"
    """What scores are thought to follow: a normal law (normal-inverse-gamma prior with m 0,
    kappa 1, nu 1, tau^2 0.1), or a Beta law (prior 0.5, 0.5)."""
    choose: Choice = "best"
    """The answer: best, of the highest score, or vote, with the highest sum of scores."""
    revise_prompt: str = "improve"
    """Prompt template of refinements, with {{ question }}, {{ solution }}, and the
    {{ verification }} (the lowest verdict's words) and {{ score }} that this has."""
    reviser: BackendRef | None = None
    """The model that refines; the recipe's where none is named."""

    def most_solutions(self) -> int:
        return self.solutions

    def most_samples(self) -> Mapping[Role, int] | None:
        judging = critic_samples(self.critic, self.solutions)
        again = {} if self.reviser is None else {"reviser": self.solutions - 1}
        return None if judging is None else {"solver": self.solutions, **again, **judging}

    def longest(self) -> Mapping[Role, int]:
        again = {} if self.reviser is None else {"reviser": self.draw.max_tokens}
        return {**self.draw.longest(), **again, **critic_longest(self.critic)}

    def growing(self) -> Mapping[Role, Growing]:
        first, apart = self.draw.prompt, self.reviser is not None
        most = self.draw.max_tokens
        return revision_growing(self.critic, first, self.revise_prompt, most, apart, _SCORE)

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        tree: Tree[_Node] = Tree(treequest(self.type).ABMCTSA(dist_type=self.prior))
        leading = Leading(self.choose)
        asked = 0
        while asked < self.solutions and not attempt.refused:
            trials = tree.ask(attempt.rng, min(self.batch, self.solutions - asked))
            asked += len(trials)
            made = await self._made(attempt, trials)
            verdicts = await self._judged(attempt, [one for _, one in made])
            for trial, solution in made:
                valid = verdicts[solution.index]
                if not valid:  # what nobody could score is no node
                    leading.add(attempt, solution, None)
                    continue
                score = sum(one for one, _ in valid) / len(valid)
                leading.add(attempt, solution, score)
                tree.tell(trial, (solution, min(valid, key=lambda one: one[0])[1]), score)
        return leading.found

    async def _made(
        self, attempt: Attempt, trials: Sequence[Trial[_Node]]
    ) -> list[tuple[Trial[_Node], Solution]]:
        """Solutions for trials, in their order; fewer where samples fail or the budget ends."""
        groups: dict[int | None, list[Trial[_Node]]] = {}
        for trial in trials:  # equal asks as one, so that new solutions are what others draw, too
            above = None if trial.parent is None else trial.parent[0].index
            groups.setdefault(above, []).append(trial)
        rows = await attempt.sample(
            *[self._ask(attempt, group[0], len(group)) for group in groups.values()]
        )
        drawn = {
            trial.key: sample
            for group, row in zip(groups.values(), rows, strict=True)
            for trial, sample in zip(group, row, strict=False)
            if not sample.completion.error
        }
        return [
            (one, attempt.solution(drawn[one.key].completion.text, [drawn[one.key]]))
            for one in trials
            if one.key in drawn
        ]

    def _ask(self, attempt: Attempt, trial: Trial[_Node], n: int) -> Ask:
        """New solutions, or refinements of the one above."""
        ask = self.draw.ask(attempt, n)
        if trial.parent is None:
            return ask
        solution, verdict = trial.parent
        template = load_prompt(self.revise_prompt)
        prompt = render_problem(
            template,
            attempt.problem,
            solution=without_thinking(solution.text),
            verification=without_thinking(verdict.text),
            score=f"{verdict.score:.2f}",
        )
        by = "backend" if self.reviser is None else "reviser"
        params = replace(ask.params, stop=(*template.stop, *self.draw.stop))
        return Ask(prompt, params, n, by, attempt.samples(solution)[-1])

    async def _judged(
        self, attempt: Attempt, solutions: Sequence[Solution]
    ) -> dict[int, list[tuple[float, Verification]]]:
        """By solution index, the critic's valid verdicts with their scores."""
        found: dict[int, list[tuple[float, Verification]]] = {one.index: [] for one in solutions}
        for one in await attempt.judge(self.critic, solutions) if solutions else ():
            if one.score is not None and one.of is None and one.against is None:
                found[one.solution_index].append((one.score, one))
        return found
