"""Solutions that grow by steps: where a step ends, when a path has ended, what is scored."""

import asyncio
from dataclasses import replace

import pytest
from attempts import attempt_of
from readers import Reader, failed, scored

from ttc.core import Capabilities, Completion, ModelIdentity, Problem, Prompt
from ttc.samplers.search.paths import Path, StepSampler

PROBLEM = Problem("p", "1+1+1?", "3")
PRM = {"type": "nano", "model": "nano-prm"}


class Writer:
    """Continues a prompt's text with the next step of a text, as far as its tokens reach.

    tells: whether it says which stop text ended a sample.
    """

    def __init__(self, text, tells=True):
        self.text, self.tells = text, tells
        self.capabilities = Capabilities(raw=True, prefill=True, stop=True)
        self.identity = ModelIdentity("test", "writer")
        self.shown = []

    async def sample(self, prompt, params, n, **_):
        self.shown.append(prompt)
        rest = self.text[len(prompt.prefill) :]
        found = [mark for mark in params.stop if mark in rest]
        stop = min(found, key=rest.index, default="")
        done = Completion(rest.split(stop)[0] if stop else rest, "stop", 5, 3, stopped_by=stop)
        return [done if self.tells else replace(done, stopped_by=None)] * n


def written(text, rule, *, tells=True, most_steps=40):
    sampler = StepSampler(prm=PRM, steps=rule, most_steps=most_steps)
    writer = Writer(text, tells)
    attempt = attempt_of(sampler, PROBLEM, writer, prompt="cot")

    async def all_steps():
        path = sampler.begin(attempt)
        for step in range(most_steps):
            if path.ended:
                break
            ((path,),) = await sampler.grow(attempt, [path], step=step)
        return path

    return asyncio.run(all_steps()), writer


@pytest.mark.parametrize("tells", [True, False])
@pytest.mark.parametrize(
    ("rule", "text", "steps"),
    [
        ("line", "1+1=2\n2+1=3\nSo 3.", ("1+1=2\n", "2+1=3\n", "So 3.")),
        ("blank_line", "a\nb\n\nc\n\nd", ("a\nb\n\n", "c\n\n", "d")),
        ("begins:Step", "Step 1: a\nb\nStep 2: c", ("Step 1: a\nb\n", "Step 2: c")),
    ],
)
def test_steps_joined_are_the_text_that_one_sample_would_be(rule, text, steps, tells):
    path, writer = written(text, rule, tells=tells)
    assert path.ended
    assert path.text.rstrip() == text
    assert [one.rstrip() for one in path.steps] == [one.rstrip() for one in steps]
    # Who is not told what stopped a step learns that it was the last one from an empty one.
    assert len(writer.shown) == len(steps) + (not tells)


def test_the_last_step_is_written_to_the_end():
    path, writer = written("a\nb\nc\nd", "line", most_steps=2)
    assert path.text == "a\nb\nc\nd"
    assert len(writer.shown) == 2


@pytest.mark.parametrize("reason", ["length", "content_filter", "gave_up"])
def test_a_step_that_did_not_stop_ends_its_path(reason):
    from ttc.core import Sample

    prompt = Prompt(text="P")
    path = Path(prompt, "line").then(Sample(0, Completion("1+1", reason, 3, 2), prompt), "\n")
    assert path.ended
    assert path.text == "1+1"


def score(says, *texts):
    sampler = StepSampler(prm=PRM, prm_prompt="nano-solver", steps="line", aggregate="min")
    reader = Reader(says)
    attempt = attempt_of(sampler, PROBLEM, Writer(""), prm=reader)
    paths = [Path(Prompt(text="P"), "line", text) for text in texts]
    return sampler, asyncio.run(sampler.score(attempt, paths)), reader


def test_every_step_is_closed_for_the_reward_model_and_scored():
    sampler, (path,), reader = score(lambda p: scored(0.9, 0.25), "1+1=2\nSo 3.")
    assert reader.shown[0].steps == ("1+1=2\n", "So 3.\n")
    assert path.scores == (0.9, 0.25)
    assert sampler.value(path) == 0.25


def test_a_failed_score_is_none_and_has_a_name():
    sampler, (path, empty), _ = score(lambda p: failed("gave_up"), "1+1=2\n", "")
    assert sampler.value(path) is None
    assert (path.fault, empty.fault) == ("gave_up", "no_steps")
