"""Proposals and verifications in one context: what stands in it, when it ends."""

import asyncio

import pytest
from attempts import attempt_of
from on_nano import tables
from sampled import check_budget, ran
from served import Served

from ttc.core import Capabilities, Completion, ModelIdentity, Problem
from ttc.errors import UsageError
from ttc.samplers.spoc import SPOC

PROBLEM = Problem("p", "1+1+1?", "3")
NO, YES = (f"Verification: Is the answer correct (Yes/No)? {word}" for word in ("No", "Yes"))
NANO = {"prompt": "nano-spoc", "verify_prompt": "nano-self", "again_prompt": "nano-again"}


class Writer:
    """Writes one text, as a model does that goes on from where its prompt ends."""

    capabilities = Capabilities(raw=True, prefill=True, stop=True)
    identity = ModelIdentity("test", "writer")

    def __init__(self, text):
        self.text, self.shown = text, []

    async def sample(self, prompt, params, n, **_):
        self.shown.append(prompt)
        rest = self.text[len(prompt.prefill) :]
        stop = next((mark for mark in params.stop if mark in rest), "")
        text = rest.split(stop)[0] if stop else rest
        return [Completion(text, "stop", 5, 3, stopped_by=stop)] * n


def passed(model, **settings):
    sampler = SPOC(**settings)
    attempt = attempt_of(sampler, PROBLEM, model)
    found = asyncio.run(sampler.solve(attempt))
    texts = [attempt._record.solutions[a.solution_index].text for a in attempt._record.answers()]
    return found, texts


TEXT = f"It is 4\nVerification:\nbad\n{NO}\nRevision:\nIt is 3\nVerification:\nok\n{YES}"


def test_turns_are_those_of_one_text():
    writer = Writer(TEXT)
    (found,), answered = passed(writer, **NANO)
    assert (found.text, found.answer) == ("It is 3", "3")
    assert answered == ["It is 4", "It is 3", "It is 3"]
    last = writer.shown[-1]
    assert TEXT.startswith(last.prefill)
    assert last.prefill.endswith("It is 3\nVerification:\n")
    assert len(writer.shown) == 4


@pytest.mark.parametrize(("rounds", "asked", "answer"), [(1, 1, "It is 4"), (2, 3, "It is 3")])
def test_rounds_end_a_pass_before_another_verification(rounds, asked, answer):
    writer = Writer(TEXT)
    (found,), _ = passed(writer, rounds=rounds, **NANO)
    assert found.text == answer
    assert len(writer.shown) == asked


def test_a_model_that_does_not_verify_is_made_to():
    writer = Writer("It is 4")
    passed(writer, rounds=2, **NANO)
    assert writer.shown[1].prefill == "It is 4\nVerification:\n"


def replies(*texts):
    left = list(texts)
    return lambda messages: left.pop(0)


def test_a_served_chat_model_has_turns():
    model = Served(
        replies(
            "<think>quick</think>The final answer is \\boxed{4}",
            f"1+1+1 is 3.\n{NO}",
            "The final answer is \\boxed{3}",
            f"Right.\n{YES}",
        )
    )
    (found,), _ = passed(model)
    assert found.answer == "3"
    assert [len(messages) for messages in model.asked] == [1, 3, 5, 7]
    last = model.asked[-1]
    assert [m["role"] for m in last] == ["user", "assistant"] * 3 + ["user"]
    assert last[1]["content"] == "The final answer is \\boxed{4}"
    assert last[3]["content"].startswith("1+1+1 is 3.")


def test_a_verdict_that_can_not_be_read_accepts_nothing():
    model = Served(replies("a", "Hmm.", "b", YES))
    (found,), _ = passed(model)
    assert found.text == "b"


def test_passes_vote():
    texts = [t for n in (4, 3, 3) for t in (f"The answer is {n}.", YES)]
    found, answered = passed(Served(replies(*texts)), passes=3)
    assert [s.answer for s in found] == ["4", "3", "3"]
    assert answered[-1] == "The answer is 3."


def test_a_failed_reply_ends_its_pass():
    def model(*completions):
        left = list(completions)

        class Failing(Writer):
            async def sample(self, prompt, params, n, **_):
                return [left.pop(0)]

        return Failing("")

    failed = Completion("", "gave_up", 0, 0, error="the server's words")
    fine = Completion("a", "stop", 5, 3)
    assert passed(model(failed), **NANO)[0][0].finish_reason == "gave_up"
    assert passed(model(fine, failed), **NANO)[0][0].text == "a"
    assert passed(model(fine, fine, failed), **NANO)[0][0].text == "a"


def test_a_chat_does_not_go_on_as_a_raw_text():
    with pytest.raises(UsageError, match="'spoc' goes on in the solver's context"):
        passed(Served(replies("a")), verify_prompt="nano-self")


def test_nano_roles_goes_on_in_one_text(tmp_path):
    sampler = f"{{type: spoc, temperature: 1.0, max_tokens: 96, passes: 4, {_yaml(NANO)}}}"
    samples = tables(ran(tmp_path, sampler, "nano-roles"))["samples"]
    later = samples[samples["after"].notna()]
    assert (later["cached_tokens"] > 0).all()
    before = samples.set_index(["problem_id", "number"])
    keys = zip(later["problem_id"], later["after"], strict=True)
    last = before.loc[list(keys)]
    # All that was read or written before is read no second time, but for the mark.
    old = last["prompt_tokens"] + last["completion_tokens"]
    assert (later["cached_tokens"].to_numpy() >= 0.8 * old.to_numpy()).all()


def test_within_a_budget(tmp_path):
    sampler = f"{{type: spoc, temperature: 1.0, max_tokens: 64, passes: 16, {_yaml(NANO)}}}"
    check_budget(tmp_path, sampler, 700, "nano-roles")


def _yaml(settings):
    return ", ".join(f"{key}: {value}" for key, value in settings.items())


def test_a_network_behind_a_server_passes_as_one_in_this_process_does(tmp_path, nano_server):
    sampler = f"{{type: spoc, temperature: 1.0, max_tokens: 96, passes: 2, {_yaml(NANO)}}}"
    served = f"{{type: openai, model: nano-roles, base_url: '{nano_server}'}}"
    far = tables(ran(tmp_path, sampler, served))
    solutions, samples = far["solutions"], far["samples"]
    assert solutions["returned"].sum() == 6
    assert solutions["text"].str.contains("The final answer is", regex=False).all()
    assert not solutions["text"].str.contains("Verification:", regex=False).any()
    assert samples["after"].notna().any()
