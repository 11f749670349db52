"""What the backend lets recipes ask of each network."""

import asyncio

import pytest

from ttc import nano
from ttc.backends.nano import Nano
from ttc.core import Call, Completion, Passage, SamplingParams
from ttc.core.model import ReadKind
from ttc.nano.prompts import solver_prompt
from ttc.nano.tasks import generate


def read(model: str, kind: ReadKind, *steps: str) -> Completion:
    """A problem's text and pieces behind it, read by a network."""
    prompt = solver_prompt(generate("arithmetic", 2, 31, 0).question)
    passage = Passage(text=prompt, steps=steps, kind=kind)

    async def ask() -> Completion:
        backend = Nano(model=model).open()
        params = SamplingParams(temperature=0.0, max_tokens=0)
        (done,) = await backend.read(Call(passage, params, (0,)))
        await backend.close()
        return done

    return asyncio.run(ask())


@pytest.mark.parametrize("model", nano.models())
def test_only_the_reward_network_offers_step_scores(model: str) -> None:
    offers = Nano(model=model).offers
    assert offers.step_scores == ("reward" in nano.load(model).forward.config.shapes())
    assert offers.text_logprobs


def test_step_scores_of_the_reward_network() -> None:
    problem = generate("arithmetic", 2, 31, 0)
    lines = [f"{line}\n" for line in problem.solution.split("\n")]
    scores = read("nano-prm", "step_scores", *lines).scores
    assert len(scores) == len(lines)
    assert all(0 <= score <= 1 for score in scores)


def test_the_reserved_token_can_be_read() -> None:
    problem = generate("arithmetic", 2, 31, 0)
    done = read("nano-roles", "logprobs", problem.solution, "\ufffd")
    assert done.logprobs[-1].token == "\ufffd"
    wrong = read("nano-roles", "logprobs", "1+1=3\nThe final answer is 3.", "\ufffd")
    assert done.logprobs[-1].logprob > wrong.logprobs[-1].logprob + 2
