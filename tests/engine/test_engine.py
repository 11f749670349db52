"""The engine before a model that fails, forgets and falls short."""

import asyncio
import time

import pytest

from ttc.budget.cost import CostConfig
from ttc.budget.ledger import BudgetConfig
from ttc.core import Capabilities, Completion, ModelIdentity, Prompt, SamplingParams
from ttc.engine.engine import Engine
from ttc.engine.settings import EngineSettings
from ttc.errors import BackendError, CallFailed, RetryableError

PROMPT = Prompt(text="1+1?")


class Fake:
    """Text from the seed alone. `fault(number, call)` may raise or say how many to return."""

    def __init__(self, fault=None):
        self.capabilities = Capabilities(raw=True, max_n=3, seed=True, deterministic=True)
        self.fault = fault
        self.calls = []
        self.drawn = 0
        self.times = []

    async def identify(self):
        return ModelIdentity("fake", "fake", revision="1")

    def count_tokens(self, prompt):
        return 5

    async def complete(self, call):
        self.calls.append(call)
        self.times.append(time.monotonic())
        number = len(self.calls)
        await asyncio.sleep(0.001 * (call.seeds[0] % 3))
        n = self.fault(number, call) if self.fault else None
        seeds = call.seeds[: n or len(call.seeds)]
        self.drawn += len(seeds)
        return [Completion(f"text {s}", "stop", 5, 1 + s % 10) for s in seeds]

    async def close(self):
        pass


def draw(folder, fake, n=8, problems=("a", "b"), seed=0, budget=None, keep=None, **settings):
    async def run():
        engine = Engine(
            journal=folder / "journal.sqlite",
            budget=BudgetConfig(**(budget or {})),
            cost=CostConfig(),
            seed=seed,
            problems=problems,
            settings=EngineSettings(**{"max_wait_s": 0.01, **settings}),
        )
        async with engine:
            model = await engine.attach(fake)
            found = await asyncio.gather(
                *(
                    model.sample(
                        Prompt(text=f"{p}: 1+1?"),
                        SamplingParams(max_tokens=10, keep_logprobs=keep),
                        n,
                        problem_id=p,
                        role="solver",
                    )
                    for p in problems
                )
            )
        return [[(c.text, c.finish_reason) for c in part] for part in found]

    return asyncio.run(run())


def flaky(number, call):
    """Fails every third call and falls short on every fourth."""
    if number % 3 == 0:
        raise RetryableError("busy")
    return 1 if number % 4 == 0 else None


def test_faults_and_concurrency_leave_no_trace_in_the_results(tmp_path):
    calm = draw(tmp_path / "calm", Fake(), concurrency=1)
    assert [len(part) for part in calm] == [8, 8]
    for concurrency in (1, 16):
        folder = tmp_path / str(concurrency)
        assert draw(folder, Fake(flaky), concurrency=concurrency) == calm


def test_a_second_run_asks_for_nothing(tmp_path):
    first = draw(tmp_path, Fake())
    again = Fake()
    assert draw(tmp_path, again) == first
    assert again.calls == []


def test_a_longer_tail_of_logprobs_is_no_other_sample(tmp_path):
    """Journals of versions that kept 8 of a verification go on being of use."""
    first, again = Fake(), Fake()
    assert draw(tmp_path, first, keep=8) == draw(tmp_path, again, keep=64)
    assert again.calls == []


def test_more_samples_cost_only_the_new_ones(tmp_path):
    first = draw(tmp_path, Fake(), n=5, problems=("a",))
    more = Fake()
    longer = draw(tmp_path, more, n=9, problems=("a",))
    assert longer[0][:5] == first[0]
    assert more.drawn == 4


def test_a_stopped_run_goes_on_where_it_was(tmp_path):
    def dies(number, call):
        if number == 4:
            raise BackendError("the key is wrong")

    broken, mended = Fake(dies), Fake()
    with pytest.raises(BackendError, match="key is wrong"):
        draw(tmp_path, broken, n=12, problems=("a",), concurrency=1)
    done = draw(tmp_path, mended, n=12, problems=("a",))
    assert done == draw(tmp_path / "calm", Fake(), n=12, problems=("a",))
    assert (broken.drawn, mended.drawn) == (9, 3)


def test_problems_of_one_question_share_its_samples(tmp_path):
    """However much of them is under way at once; the second's budget is charged like any other."""

    async def run(fake):
        engine = Engine(
            journal=tmp_path / "journal.sqlite",
            budget=BudgetConfig(),
            cost=CostConfig(),
            seed=0,
            problems=("a", "b", "c"),
        )
        async with engine:
            model = await engine.attach(fake)
            found = await asyncio.gather(
                *(
                    model.sample(
                        PROMPT, SamplingParams(max_tokens=10), 8, problem_id=p, role="solver"
                    )
                    for p in "abc"
                )
            )
        return [[c.text for c in part] for part in found], engine.ledger.as_dict()["roles"][
            "solver"
        ]

    fake = Fake(flaky)
    found, spent = asyncio.run(run(fake))
    assert found[0] == found[1] == found[2]
    assert fake.drawn == len(set(found[0])) == 8
    assert (spent["samples"], spent["paid_samples"]) == (24, 8)


def test_seeds_differ_by_sample_problem_and_root_seed(tmp_path):
    zero, one = Fake(), Fake()
    draw(tmp_path, zero, seed=0)
    draw(tmp_path, one, seed=1)
    seeds = [s for fake in (zero, one) for call in fake.calls for s in call.seeds]
    assert len(set(seeds)) == len(seeds) == 32


def test_a_call_that_can_not_succeed_is_recorded_and_not_repeated(tmp_path):
    def too_long(number, call):
        if call.prompt.text.startswith("a"):
            raise CallFailed("too long", "context_length")

    first = Fake(too_long)
    drawn = draw(tmp_path, first, n=9)
    assert drawn[0] == [("", "context_length")] * 9
    assert {reason for _, reason in drawn[1]} == {"stop"}
    again = Fake()
    assert draw(tmp_path, again, n=9) == drawn
    assert again.calls == []
    retried = draw(tmp_path, again, n=9, retry_failed=True)
    assert retried[1] == drawn[1]
    assert {reason for _, reason in retried[0]} == {"stop"}
    assert again.drawn == 9
    assert draw(tmp_path, again, n=9) == retried


def test_a_prompt_that_is_too_long_is_not_asked_for_every_sample(tmp_path):
    def too_long(number, call):
        raise CallFailed("too long", "context_length")

    fake = Fake(too_long)
    assert draw(tmp_path, fake, n=300, problems=("a",), concurrency=2) == [
        [("", "context_length")] * 300
    ]
    assert len(fake.calls) < 20  # of 100, those that were under way by the first refusal


def test_failures_alone_are_not_kept(tmp_path):
    def too_long(number, call):
        raise CallFailed("too long", "context_length")

    draw(tmp_path, Fake(too_long), n=2)
    again = Fake()
    assert {reason for part in draw(tmp_path, again, n=2) for _, reason in part} == {"stop"}
    assert again.drawn == 4


def test_many_problems_that_all_fail_end_the_run(tmp_path):
    def too_long(number, call):
        raise CallFailed("too long", "context_length")

    fake = Fake(too_long)
    with pytest.raises(BackendError, match=r"of \d\d problems that fake .*too long; lower"):
        draw(tmp_path, fake, n=2, problems=tuple(f"p{i}" for i in range(40)), concurrency=4)


def test_what_one_prompt_alone_brings_down_can_be_recorded(tmp_path):
    def poison(number, call):
        if call.prompt.text.startswith("a"):
            raise RetryableError("engine died")

    with pytest.raises(BackendError, match=r"engine\.give_up: record"):
        draw(tmp_path, Fake(poison), n=2, max_attempts=3)
    fake = Fake(poison)
    drawn = draw(tmp_path, fake, n=2, max_attempts=3, give_up="record")
    assert drawn[0] == [("", "gave_up")] * 2
    # With nothing else left to be asked, a call of one token showed that the model is well.
    assert [c.params.max_tokens for c in fake.calls] == [10, 10, 10, 1]


def test_what_fails_with_everything_is_not_recorded(tmp_path):
    def dead(number, call):
        raise RetryableError("engine died")

    fake = Fake(dead)
    with pytest.raises(BackendError, match="engine died; nor did the server answer another call"):
        draw(tmp_path, fake, n=2, problems=("a",), max_attempts=3, give_up="record")
    assert draw(tmp_path, Fake(), n=2, problems=("a",))[0][0][1] == "stop"


def test_gives_up_after_the_last_try(tmp_path):
    def busy(number, call):
        raise RetryableError("the server is busy")

    fake = Fake(busy)
    with pytest.raises(BackendError, match="gave up after 3 tries: the server is busy"):
        draw(tmp_path, fake, n=1, problems=("a",), max_attempts=3)
    assert len(fake.calls) == 3


def test_waits_as_long_as_the_server_wishes(tmp_path):
    def later(number, call):
        if number == 1:
            raise RetryableError("slow down", retry_after=0.3)

    fake = Fake(later)
    draw(tmp_path, fake, n=1, problems=("a",))
    assert fake.times[1] - fake.times[0] >= 0.29


def test_a_call_that_hangs_is_tried_again(tmp_path):
    class Hangs(Fake):
        async def complete(self, call):
            if not self.calls:
                self.calls.append(call)
                await asyncio.sleep(60)
            return await super().complete(call)

    assert len(draw(tmp_path, Hangs(), n=1, problems=("a",), timeout_s=0.1)[0]) == 1


def test_tries_and_pauses_of_a_call_have_a_limit_together(tmp_path):
    def busy(number, call):
        raise RetryableError("the server is busy", retry_after=0.2)

    fake, began = Fake(busy), time.monotonic()
    with pytest.raises(BackendError, match=r"gave up after 3 tries, because more .* 0\.5 s.*busy"):
        draw(tmp_path, fake, n=1, problems=("a",), max_total_s=0.5, max_attempts=99)
    assert time.monotonic() - began < 30


def test_a_pause_longer_than_all_tries_may_take_is_not_begun(tmp_path):
    def tomorrow(number, call):
        raise RetryableError("quota is used up", retry_after=86_400)

    began = time.monotonic()
    with pytest.raises(BackendError, match="quota is used up"):
        draw(tmp_path, Fake(tomorrow), n=1, problems=("a",))
    assert time.monotonic() - began < 30


class Hanging(Fake):
    """Never answers for samples 6 to 8."""

    async def complete(self, call):
        if call.indices[0] == 6:
            await asyncio.sleep(60)
        return await super().complete(call)


def test_the_runs_time_ends_calls_under_way_and_leaves_a_prefix(tmp_path):
    began = time.monotonic()
    found = draw(tmp_path, Hanging(), n=12, budget={"per_run": {"seconds": 1.5}})
    assert 1.4 < time.monotonic() - began < 45
    whole = draw(tmp_path / "whole", Fake(), n=12)
    assert found == [full[:6] for full in whole]
    mended = Fake()
    assert draw(tmp_path, mended, n=12) == whole
    assert mended.drawn == 6, "what came after the gap was kept too"


def test_what_the_journal_has_is_served_when_the_time_is_up(tmp_path):
    whole = draw(tmp_path, Fake(), n=12)
    again = Fake()
    assert draw(tmp_path, again, n=15, budget={"per_run": {"seconds": 1e-9}}) == whole
    assert again.calls == []


def test_a_problem_without_a_sample_is_no_error(tmp_path):
    for budget in ({"per_problem": {"tokens": 3}}, {"per_run": {"seconds": 1e-9}}):
        assert draw(tmp_path, Fake(), n=12, budget=budget) == [[], []]


@pytest.mark.parametrize("concurrency", [1, 16])
def test_a_problems_token_budget_holds(tmp_path, concurrency):
    fake = Fake()
    budget = {"per_problem": {"tokens": 60}}
    found = draw(tmp_path, fake, n=100, budget=budget, concurrency=concurrency)
    whole = draw(tmp_path / "whole", Fake(), n=100)
    for part, full in zip(found, whole, strict=True):
        assert 0 < len(part) < 100
        assert part == full[: len(part)]
        used = 5 + sum(1 + int(text.split()[1]) % 10 for text, _ in part)
        assert used <= 60
        assert used + 10 > 60 - 10 * 3


LARGE = {"problems": ("a",), "concurrency": 4, "n_per_call": 1}


def test_few_calls_of_a_large_request_are_under_way(tmp_path):
    alive = []
    fake = Fake(lambda number, call: alive.append(len(asyncio.all_tasks())))
    (found,) = draw(tmp_path, fake, n=600, **LARGE)
    assert len(found) == 600
    assert max(alive) < 50
    again = Fake()
    assert draw(tmp_path, again, n=600, **LARGE) == [found]
    assert again.calls == []


@pytest.mark.parametrize("limit", [1, 15, 16, 17, 100])
def test_the_budget_of_a_large_request_is_used_to_the_last_sample(tmp_path, limit):
    fake = Fake()
    (found,) = draw(tmp_path, fake, n=200, budget={"per_run": {"calls": limit}}, **LARGE)
    assert len(found) == fake.drawn == limit


def test_a_large_request_ends_with_its_first_failure(tmp_path):
    def fault(number, call):
        if number == 20:
            raise BackendError("no such model")

    fake = Fake(fault)
    with pytest.raises(BackendError, match="no such model"):
        draw(tmp_path, fake, n=5000, **LARGE)
    assert len(fake.calls) < 60
