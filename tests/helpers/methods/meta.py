"""Meta-verification: a verifier's doubts are doubted in their turn."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from pydantic import Field

from ttc.core import Ask, Attempt, SamplingParams, Solution, Verification
from ttc.prompts import load_prompt, render_problem
from ttc.refs import VerifierRef
from ttc.verdicts import parse_verdict
from ttc.verifiers import VerifierPart


class Meta(VerifierPart):
    """A doubt counts only where most verdicts on it uphold it (DeepSeekMath-V2)."""

    type: Literal["meta"] = "meta"
    verifier: VerifierRef
    verdicts: int = Field(default=3, ge=1)
    """Of each doubt."""
    below: float = 0.5
    """A score below is a doubt."""
    prompt: str = "nano-genrm"
    temperature: float = 1.0
    max_tokens: int = 96

    async def verify(
        self, attempt: Attempt, solutions: Sequence[Solution]
    ) -> Sequence[Verification]:
        judged = await attempt.judge(self.verifier, solutions)
        doubts = [v for v in judged if v.score is not None and v.score < self.below]
        text = {s.index: s.text for s in solutions}
        asks = [self._ask(attempt, text[doubt.solution_index]) for doubt in doubts]
        rows = await attempt.sample(*asks)
        upheld = {
            (doubt.solution_index, doubt.index): self._most(
                [parse_verdict(sample.completion.text) for sample in row]
            )
            for doubt, row in zip(doubts, rows, strict=True)
        }
        kept = [v for v in judged if upheld.get((v.solution_index, v.index), True)]
        return [replace(v, verifier=self.label) for v in kept]

    def _ask(self, attempt: Attempt, solution: str) -> Ask:
        prompt = render_problem(load_prompt(self.prompt), attempt.problem, solution=solution)
        params = SamplingParams(temperature=self.temperature, max_tokens=self.max_tokens)
        return Ask(prompt, params, self.verdicts)

    @staticmethod
    def _most(verdicts: Sequence[bool | None]) -> bool:
        """Whether the doubt stands: at least as many say No as say Yes."""
        return sum(v is False for v in verdicts) >= sum(v is True for v in verdicts)
