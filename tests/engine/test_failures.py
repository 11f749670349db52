"""What is made of servers' words on failures, and what failures say of a model."""

import pytest

from ttc.core import Completion
from ttc.engine.failures import GAVE_UP, MOST, Failures, advice, prompt_fits
from ttc.engine.trust import Trust
from ttc.errors import BackendError

FITS = [
    "'max_tokens' or 'max_completion_tokens' is too large: 3000. This model's maximum context "
    "length is 2048 tokens and your request has 20 input tokens",
    "This model's maximum context length is 4097 tokens, however you requested 5000 tokens (1000 "
    "in your prompt; 4000 for the completion). Please reduce your prompt; or completion length.",
    "This model's maximum context length is 2048 tokens. However, you requested 3020 tokens (20 in "
    "the messages, 3000 in the completion).",
    "Requested token count exceeds the model's maximum context length of 2048 tokens. You "
    "requested a total of 3020 tokens: 20 tokens from the input messages and 3000 tokens for the "
    "completion.",
    "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 2048. Given: 20 "
    "`inputs` tokens and 3000 `max_new_tokens`",
    "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
    "max_tokens is too large: 100000. This model supports at most 16384 completion tokens",
]
TOO_LONG = [
    "This model's maximum context length is 2048 tokens. However, your request has 3000 input "
    "tokens.",
    "This model's maximum context length is 2048 tokens. However, your messages resulted in 3000 "
    "tokens.",
    "request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it",
    "the prompt has 3000 tokens, the context holds 2048",
    "the prompt has 3000 tokens, the context_length of a/b-7b is 2048",
    "the prompt has 3000 tokens, the context of /models/b7 holds 2048",
]


@pytest.mark.parametrize(
    ("said", "fits"),
    [*((s, True) for s in FITS), *((s, False) for s in TOO_LONG), ("context length is 16", None)],
)
def test_whether_the_prompt_alone_fits_is_read_from_what_servers_say(said, fits):
    assert prompt_fits(said) is fits
    fix = advice("context_length", said, "solver")
    assert ("sampler.max_tokens" in fix) == (fits is not False)
    assert ("shorter prompts" in fix) == (not fits)


def sample(key, error=""):
    reason = "context_length" if error else "stop"
    return key.encode(), Completion("" if error else "a", reason, 0 if error else 5, 0, error=error)


def trust():
    failures = Failures()
    return Trust("m", "solver", failures), failures


def test_failures_are_held_back_until_one_call_has_succeeded():
    judge, failures = trust()
    assert list(judge.weigh("a", [sample("1", "no")])) == []
    with pytest.raises(
        BackendError, match=r"every sample \(solver\) of 1 problem that m was asked for"
    ):
        judge.conclude()
    kept = judge.weigh("b", [sample("2")])
    assert [key for key, _ in kept] == [b"1", b"2"]
    assert [key for key, _ in judge.weigh("c", [sample("3", "no")])] == [b"3"]
    judge.conclude()
    assert failures.samples == 2


def test_a_good_sample_in_the_journal_is_as_good():
    judge, _ = trust()
    judge.weigh("a", [sample("1", "no")])
    judge.recall(dict([sample("2")]))
    judge.conclude()
    assert [key for key, _ in judge.let_go()] == [b"1"]
    assert judge.let_go() == []


def test_only_failures_in_the_journal_are_no_result_either():
    judge, failures = trust()
    for i in range(2 * MOST):
        judge.recall(dict([sample(str(i), "no")]))
    assert failures.by_reason["context_length"].from_journal == 2 * MOST
    with pytest.raises(BackendError, match=r"engine\.retry_failed: true"):
        judge.conclude()


def test_many_calls_of_one_problem_say_nothing_of_the_others():
    judge, _ = trust()
    for i in range(10 * MOST):
        judge.weigh("a", [sample(str(i), "no")])
    for i in range(MOST - 2):
        judge.weigh(f"p{i}", [sample(f"p{i}", "no")])
    with pytest.raises(BackendError, match=f"of {MOST} problems"):
        judge.weigh("the last", [sample("z", "no")])


def given_up(key):
    return key.encode(), Completion("", GAVE_UP, 0, 0, error="HTTP 500")


def test_a_server_that_died_is_not_taken_for_many_bad_prompts():
    judge, _ = trust()
    judge.weigh("good", [sample("0")])
    for i in range(MOST - 1):
        assert not judge.weigh(f"p{i}", [given_up(str(i))])
    assert len(judge.weigh("good", [sample("x")])) == MOST
    for i in range(MOST - 1):
        judge.weigh(f"q{i}", [given_up(str(i))])
    with pytest.raises(BackendError, match=f"of the last {MOST} problems"):
        judge.weigh("the last", [given_up("z")])


def test_prompts_that_were_given_up_last_are_kept_at_the_end():
    judge, _ = trust()
    judge.weigh("good", [sample("0")])
    judge.weigh("bad", [given_up("1")])
    judge.conclude()
    assert [key for key, _ in judge.let_go()] == [b"1"]


def test_a_sample_is_counted_once_and_a_reason_told_once(caplog):
    failures = Failures()
    for _ in range(3):
        for name in "abc":
            failures.saw(*sample(name, f"no {name}"), "solver", cached=False)
    (tally,) = failures.by_reason.values()
    assert (tally.samples, tally.from_journal, tally.example) == (3, 0, "no a")
    assert len(caplog.records) == 1
