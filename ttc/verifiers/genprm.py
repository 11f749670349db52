"""GenPRM (arXiv 2504.00891): each step is analysed, checked by a program that runs, and judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field

from ttc.core import Attempt, Capabilities, Prompt, Role, SamplingParams, Solution, Verification
from ttc.prompts import load_prompt, render_problem
from ttc.registry import register
from ttc.rewards import aggregated
from ttc.steps import StepRule
from ttc.verdicts.analyses import VERIFY_ENDS
from ttc.verdicts.steps import pieces_of
from ttc.verifiers.chains import StepChain, begin, go_on, judge_in_turn
from ttc.verifiers.written import Written


@register
class GenPRM(Written):
    """Judges each step by an analysis and a program that is run; rewards are P(Yes) per step."""

    prompt_variables: ClassVar[Mapping[str, frozenset[str]]] = {
        "prompt": frozenset({"solution", "step", "before"})
    }

    type: Literal["genprm"] = "genprm"
    verifications: int = Field(default=1, ge=1, le=1_000_000)
    """Verifications per solution (V), each of all its steps."""
    votes: int = Field(default=1, ge=1, le=1024)
    """Analyses of each step in one verification; a step's reward is their mean (Maj@N)."""
    temperature: float = Field(default=0.6, ge=0, le=1000)
    """Sampling temperature of verifications."""
    top_p: float = Field(default=0.95, gt=0, le=1)
    """Nucleus sampling."""
    top_k: int | None = Field(default=20, ge=1, lt=2**31)
    """Sample among the k likeliest tokens only, where the backend can."""
    prompt: str = "genprm"
    """Prompt template with {{ question }} and {{ solution }}, the steps up to the one to judge;
    and where wanted {{ step }}, that one alone, and {{ before }}, the analyses of those before."""
    steps: StepRule = "blank_line"
    """Where steps end: blank_line, line, or begins:TEXT for lines that begin with a text."""
    most_steps: int = Field(default=32, ge=1, le=10_000)
    """Steps that are judged; of a longer solution, what is beyond stands in the last one."""
    execute: bool = True
    """Whether programs are run; otherwise the model goes on without their output."""
    executions: int = Field(default=3, ge=1, le=64)
    """Programs that a judgement may have run, one after the other; then it is forced."""
    aggregate: Literal["last", "min", "mean"] = "last"
    """A solution's score of the rewards of its steps (PRM-Last, PRM-Min, PRM-Avg). The verdict is
    yes where no step is wrong, which the last one's reward need not show."""
    logprobs: int = Field(default=20, ge=0, le=20)
    """Top alternatives asked for at each token, to read the judgement's probabilities; of 0 or 1 it
    is often the word alone that tells."""

    @property
    def executes(self) -> bool:  # type: ignore[override]
        return self.execute

    @property
    def needs(self) -> Mapping[str, int]:
        return {"stop": 1, **({"prefill": 1} if self.is_chat else {})}

    def most_samples(self, solutions: int) -> Mapping[Role, int]:
        """With as many steps, and programs in each, as there may be."""
        each = self.most_steps * (self.executions + 2 if self.execute else 2)
        return {"verifier": self.judged(solutions) * self.verifications * self.votes * each}

    def templates(self) -> Mapping[Role, str]:
        return {}

    def asks(self, offers: Capabilities) -> Sequence[SamplingParams]:
        params = replace(self.params(offers), top_k=self.top_k)
        if self.execute:
            params = replace(params, stop=(VERIFY_ENDS, *params.stop))
        return params, replace(params, max_tokens=20)

    async def verify(
        self, attempt: Attempt, solutions: Sequence[Solution]
    ) -> Sequence[Verification]:
        nothing = Prompt(text="")
        rows = [
            [
                StepChain(s, i, nothing, steps=pieces_of(s, self.steps, self.most_steps))
                for _ in range(self.votes)
            ]
            for s in solutions[: self.solutions]
            for i in range(self.verifications)
        ]

        async def judge(chains: Sequence[StepChain]) -> None:
            for step in range(max(len(chain.steps) for chain in chains)):
                going = [chain for chain in chains if chain.open and step < len(chain.steps)]
                await self._judge_step(attempt, going)

        return [self._read(row) for row in await judge_in_turn(rows, judge)]

    async def _judge_step(self, attempt: Attempt, chains: Sequence[StepChain]) -> None:
        """Have each chain judge its next step. What can go out together does."""
        params, short = self.asks(attempt.capabilities())
        template = load_prompt(self.prompt)
        for chain in chains:
            chain.begin(render_problem(template, attempt.problem, **chain.variables))
        await begin(attempt, chains, params)
        for _ in range(self.executions if self.execute else 0):
            asking = [chain for chain in chains if chain.open and chain.program is not None]
            done = await attempt.execute(*[chain.to_run() for chain in asking])
            for i, chain in enumerate(asking):
                chain.ran(done[i] if i < len(done) else None)
            await go_on(attempt, asking, params)
        unjudged = [chain for chain in chains if chain.open and not chain.judge()]
        for chain in unjudged:
            chain.force()
        await go_on(attempt, unjudged, short)
        for chain in unjudged:
            if chain.open:
                chain.judge_forced()

    def _read(self, votes: Sequence[StepChain]) -> Verification:
        """A verification of its votes. One that failed makes it invalid."""
        judged = all(chain.steps and chain.open for chain in votes)
        each = zip(*[chain.rewards for chain in votes], strict=True) if judged else ()
        rewards = tuple(sum(step) / len(votes) for step in each)
        wrong = next((i for i, reward in enumerate(rewards) if reward < 0.5), None)
        return self.made(
            votes[0].solution,
            votes[0].index,
            [sample for chain in votes for sample in chain.samples],
            text="\n\n".join(text for chain in votes for text in chain.said),
            verdict=wrong is None if judged else None,
            score=aggregated(rewards, self.aggregate) if judged else None,
            step_scores=rewards,
            first_wrong_step=wrong,
        )
