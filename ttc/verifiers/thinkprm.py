"""ThinkPRM (arXiv 2504.16828): a model reviews each step in words, then decides Yes or No."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from pydantic import Field

from ttc.core import Attempt, Capabilities, Role, SamplingParams, Solution, Verification
from ttc.prompts import load_prompt, render_problem
from ttc.registry import register
from ttc.steps import StepRule
from ttc.thinking import after_thinking, opening_mark
from ttc.verdicts import score
from ttc.verdicts.reviews import decision, p_decision, p_forced, step_labels
from ttc.verdicts.steps import numbered, pieces_of
from ttc.verifiers.chains import StepChain, begin, go_on, judge_in_turn
from ttc.verifiers.written import Written

_THOUGHT_ENDS = "</think>"
_DECIDE = f"{_THOUGHT_ENDS}\nIs the solution correct?"


@register
class ThinkPRM(Written):
    """Reviews step by step up to the first wrong one, then decides; scored by P(Yes) there."""

    type: Literal["thinkprm"] = "thinkprm"
    verifications: int = Field(default=4, ge=1, le=1_000_000)
    """Chains per solution, whose scores are averaged (parallel scaling)."""
    rounds: int = Field(default=1, ge=1, le=64)
    """Reviews in one chain (sequential scaling): each but the first begins with a trigger phrase,
    and after the last one the decision is forced, which takes a sample more."""
    triggers: tuple[str, ...] = Field(
        default=("Let me double check.", "Let's verify again.", "Did I miss something?"),
        min_length=1,
    )
    """What begins the further reviews, in turn, in place of the mark that ends the thought."""
    max_tokens: int = Field(default=4096, ge=1, le=100_000_000)
    """Longest review in tokens; what the budget reserves for each."""
    prompt: str = "thinkprm"
    """Prompt template with {{ question }} and {{ solution }}: a shipped name or a file."""
    steps: StepRule = "blank_line"
    """Where steps end: blank_line, line, or begins:TEXT for lines that begin with a text."""
    numbered: bool = True
    """Whether the solution is shown as lines `Step 1: ...`; otherwise as it is."""
    logprobs: int = Field(default=20, ge=0, le=20)
    """Top alternatives asked for at each token, to read the decision's probabilities."""

    @property
    def waves(self) -> int | None:  # type: ignore[override]
        """Further rounds go through one set of chains after the other."""
        return 1 if self.rounds == 1 else None

    @property
    def needs(self) -> Mapping[str, int]:
        goes_on = self.rounds > 1
        return {"stop": 1, **({"prefill": 1} if self.is_chat else {})} if goes_on else {}

    def most_samples(self, solutions: int) -> Mapping[Role, int]:
        samples = 1 if self.rounds == 1 else self.rounds + 1
        return {"verifier": self.verifications * self.judged(solutions) * samples}

    def templates(self) -> Mapping[Role, str]:
        return {"verifier": self.prompt} if self.rounds == 1 else {}

    def asks(self, offers: Capabilities) -> Sequence[SamplingParams]:
        review = self.params(offers)
        if self.rounds == 1:
            return (review,)
        review = replace(review, stop=(_THOUGHT_ENDS, *review.stop), logprobs=None, keep_logprobs=0)
        forced = SamplingParams(temperature=1.0, max_tokens=1, logprobs=self.alternatives(offers))
        return review, forced

    async def verify(
        self, attempt: Attempt, solutions: Sequence[Solution]
    ) -> Sequence[Verification]:
        template = load_prompt(self.prompt)
        chains: list[list[StepChain]] = []
        for solution in solutions[: self.solutions]:
            steps = pieces_of(solution, self.steps)
            text = numbered(steps, 1) if self.numbered else "".join(steps).strip()
            prompt = render_problem(template, attempt.problem, solution=text)
            chains += [
                [StepChain(solution, i, prompt, steps=steps)] for i in range(self.verifications)
            ]
        if self.rounds > 1:
            whole = await judge_in_turn(chains, lambda turn: self._review(attempt, turn))
        else:
            await self._review(attempt, [chain for (chain,) in chains])
            whole = [[chain] for (chain,) in chains if not chain.refused]
        return [self._read(chain, self.rounds > 1) for (chain,) in whole]

    async def _review(self, attempt: Attempt, chains: Sequence[StepChain]) -> None:
        """All rounds of chains, and the decision that ends them where there are several."""
        review, *forced = self.asks(attempt.capabilities())
        await begin(attempt, chains, review)
        for number in range(self.rounds - 1):
            trigger = self.triggers[number % len(self.triggers)]
            await _go_on(attempt, chains, f"{trigger}\n", review)
        for params in forced:
            await _go_on(attempt, chains, _DECIDE, params)

    def _read(self, chain: StepChain, forced: bool) -> Verification:
        last = chain.samples[-1].completion
        # A forced decision is always one token; how the review before it ended tells more.
        ended = chain.samples[-2].completion if forced and not chain.failed else last
        opening = opening_mark((chain.prompt.text or "") + chain.prompt.prefill)
        cut_off = bool(opening) and after_thinking(opening + chain.text) is None
        readable = not chain.failed and not cut_off
        found = decision(chain.text) if readable else None
        verdict = None if found is None else found.says
        p_yes = None
        if forced and not chain.failed:
            p_yes = p_forced(last.logprobs)
            verdict = verdict if p_yes is None else p_yes > 0.5
        elif found is not None:
            p_yes = p_decision(last.text, last.logprobs)
        labels, wrong = step_labels(chain.text, len(chain.steps)) if readable else ([], None)
        if ended.finish_reason == "length" and wrong is None:
            labels = []  # of steps that it did not come to, it does not say that they are wrong
        return self.made(
            chain.solution,
            chain.index,
            chain.samples,
            text=chain.text,
            finish_reason=ended.finish_reason,
            verdict=verdict,
            p_yes=p_yes,
            score=score(verdict, p_yes, "hybrid"),
            step_scores=tuple(map(float, labels)),
            first_wrong_step=wrong,
        )


async def _go_on(
    attempt: Attempt, chains: Sequence[StepChain], inserted: str, params: SamplingParams
) -> None:
    """A sample more for each chain, behind a line that is put in."""
    for chain in chains:
        if chain.open:
            chain.put(inserted)
    await go_on(attempt, chains, params)
