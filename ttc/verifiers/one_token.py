"""Judgements in one token, for verifiers that ask for them. No verifier itself."""

from __future__ import annotations

from collections.abc import Sequence

from ttc.core import Ask, Attempt, Completion, SamplingParams, Solution, Verification
from ttc.prompts import load_prompt, render_problem
from ttc.verdicts.two_words import Words, p_first_word
from ttc.verifiers.one_each import shown


def one_token(prompt: str, logprobs: int, max_tokens: int = 1) -> SamplingParams:
    """How a judgement is asked for. logprobs: alternatives of the token, 0 where there are none."""
    return SamplingParams(
        temperature=0.0,  # its probabilities are what counts, and greedy texts are alike
        max_tokens=max_tokens,
        stop=load_prompt(prompt).stop,
        logprobs=logprobs or None,
    )


async def judged_in_a_token(
    label: str,
    attempt: Attempt,
    solutions: Sequence[Solution],
    prompt: str,
    params: SamplingParams,
    words: tuple[Words, Words],
) -> list[Verification]:
    """Scores of solutions by P(yes) at the first token that says one of the words.

    prompt: a template with {{ question }} and {{ solution }}.
    """
    template = load_prompt(prompt)
    prompts = [render_problem(template, attempt.problem, solution=shown(s)) for s in solutions]
    rows = await attempt.sample(*[Ask(one, params) for one in prompts])
    return [
        _read(label, solution, sample.completion, words)
        for solution, row in zip(solutions, rows, strict=True)
        for sample in row
    ]


def _read(
    label: str, solution: Solution, c: Completion, words: tuple[Words, Words]
) -> Verification:
    p_yes = p_first_word(c.logprobs, words)
    return Verification(
        problem_id=solution.problem_id,
        solution_index=solution.index,
        index=0,
        verifier=label,
        text=c.text,
        verdict=None if p_yes is None else p_yes >= 0.5,
        p_yes=p_yes,
        score=p_yes,
        prompt_tokens=c.prompt_tokens,
        completion_tokens=c.completion_tokens,
        finish_reason=c.finish_reason,
        seconds=c.seconds,
    )
