"""Judgements in one token, for verifiers that ask for them. No verifier itself."""

from __future__ import annotations

from collections.abc import Sequence

from ttc.core import Ask, Attempt, Completion, SamplingParams, Solution, Verification
from ttc.prompts import load_prompt, render_problem
from ttc.thinking import without_thinking
from ttc.verdicts.two_words import Words, p_first_word
from ttc.verifiers.one_each import OneEach


class OneToken(OneEach):
    """Base of verifiers that read P(yes) off one token."""

    def in_a_token(self, prompt: str, logprobs: int, max_tokens: int = 1) -> SamplingParams:
        """How it is asked for. logprobs: alternatives of the token, 0 where there are none."""
        return SamplingParams(
            temperature=0.0,  # its probabilities are what counts, and greedy texts are alike
            max_tokens=max_tokens,
            stop=load_prompt(prompt).stop,
            logprobs=logprobs or None,
        )

    async def said_of(
        self, attempt: Attempt, solutions: Sequence[Solution], prompt: str, words: Words
    ) -> list[Verification]:
        """Scores of solutions by P(yes) at the first token that says one of the words.

        prompt: a template with {{ question }} and {{ solution }}.
        """
        (params,), template = self.asks(attempt.capabilities()), load_prompt(prompt)
        shown = [without_thinking(solution.text) for solution in solutions]
        prompts = [render_problem(template, attempt.problem, solution=text) for text in shown]
        rows = await attempt.sample(*[Ask(one, params) for one in prompts])
        return [
            self._word_of(solution, sample.completion, words)
            for solution, row in zip(solutions, rows, strict=True)
            for sample in row
        ]

    def _word_of(self, solution: Solution, c: Completion, words: Words) -> Verification:
        p_yes = p_first_word(c.logprobs, words)
        verdict = None if p_yes is None else p_yes >= 0.5
        return self.verification(solution, 0, [c], verdict=verdict, p_yes=p_yes, score=p_yes)
