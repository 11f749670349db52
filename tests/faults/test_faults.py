"""The engine and the openai backend against a server that misbehaves in every way we know."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from batched import Gateway
from fault_server import FAULTS, HANG

from ttc.backends.openai import OpenAI
from ttc.budget.cost import CostConfig
from ttc.budget.ledger import BudgetConfig, ProblemBudget, RunBudget
from ttc.core import Call, Completion, Prompt, SamplingParams
from ttc.engine.engine import Engine
from ttc.engine.settings import EngineSettings
from ttc.errors import BackendError, RetryableError

PROBLEMS = [f"p{i}" for i in range(60)]
SETTINGS = EngineSettings(concurrency=48, max_attempts=40, max_wait_s=0.3)
PER_SAMPLE = CostConfig(parameters=1000, shared_prompt="per_sample")
PARAMS = SamplingParams(max_tokens=12)
# What a client may read whole; after any other fault it has nothing and asks again.
READABLE = {"none", "missing_usage", "n_ignored", "duplicated_choices", "late"}


# In a line of a batch; what a provider's own servers do to each other is no matter of ours.
IN_A_LINE = ("crash", "limit", "reset", "truncated_json", "no_choices", "n_ignored")
IN_A_LINE += ("error_with_status_200", "missing_usage", "duplicated_choices")
QUICKLY = {"gather_s": 0.1, "poll_s": 0.05}


def backend(*urls: str, n: int = 4, timeout: float = 0.6) -> OpenAI:
    return OpenAI(model="m", base_urls=urls, n_per_call=n, timeout=timeout, connect_timeout=2)


@pytest.fixture
def batched(tmp_path):
    """batched(server) is a backend in batch mode, and the gateway that it reaches the server by."""
    running: list[Gateway] = []

    def start(server, n: int = 4) -> tuple[OpenAI, Gateway]:
        running.append(Gateway(server.url, log=tmp_path / "gateway.jsonl"))
        url = running[-1].url
        return OpenAI(model="m", base_url=url, n_per_call=n, mode="batch", batch=QUICKLY), running[
            0
        ]

    yield start
    for one in running:
        one.stop()


def run(
    part: OpenAI,
    folder: Path,
    samples: int,
    budget: BudgetConfig | None = None,
    problems: Sequence[str] = PROBLEMS,
    cost: CostConfig = PER_SAMPLE,
) -> tuple[dict[str, Sequence[Completion]], Engine]:
    """Draw so many samples of each problem, all problems at once."""

    async def work():
        engine = Engine(
            journal=folder / "journal.sqlite",
            budget=budget or BudgetConfig(),
            cost=cost,
            seed=0,
            problems=problems,
            settings=SETTINGS,
        )
        async with engine:
            model = await engine.attach(part.open())

            async def one(problem: str) -> Sequence[Completion]:
                return await model.sample(
                    Prompt(text=problem), PARAMS, samples, problem_id=problem, role="solver"
                )

            done = await asyncio.gather(*map(one, problems))
        return dict(zip(problems, done, strict=True)), engine

    return asyncio.run(work())


def check_none_lost_or_doubled(found: dict, samples: int) -> list[str]:
    texts = []
    for problem, done in found.items():
        assert len(done) == samples
        for completion in done:
            name, _, asked = completion.text.split()
            assert asked == problem, "a sample went to another problem"
            assert name.startswith("s")
        texts += [c.text for c in done]
    assert len(set(texts)) == len(texts), "a sample came twice"
    return texts


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0])
def test_thousands_of_calls_lose_nothing_and_double_nothing(faulty, tmp_path, seed):
    server = faulty(0.4, seed=seed)
    samples = 120
    part = backend(server.url, server.tls)  # the same server where it refuses TLS
    found, engine = run(part, tmp_path, samples)
    assert engine.events.endpoints[server.tls].retries > 0
    texts = check_none_lost_or_doubled(found, samples)

    time.sleep(HANG + 0.5)  # requests that the client gave up are logged when they end
    entries = server.entries()
    assert len(entries) > 2000
    assert {e["fault"] for e in entries} == {"none", *FAULTS}
    sent = {t for e in entries if e["fault"] in READABLE for t in e["texts"]}
    assert set(texts) <= sent
    # Replies that came whole were used, not asked for again: bar those that the time-out cut.
    wasted = len(sent) - len(texts)
    assert wasted <= 0.02 * len(texts)

    again, engine = run(part, tmp_path, samples)
    assert again == found
    assert len(server.entries()) == len(entries), "the journal serves what was paid for"
    assert engine.events.cached == samples * len(PROBLEMS)


@pytest.mark.slow
@pytest.mark.parametrize(("shared_prompt", "limit"), [("once", 450), ("per_sample", 900)])
def test_the_budget_is_never_passed(faulty, tmp_path, shared_prompt, limit):
    """By what a provider would bill, replies that never arrived included."""
    server = faulty(0.35, seed=5)
    budget = BudgetConfig(
        per_problem=ProblemBudget(tokens=limit), per_run=RunBudget(tokens=limit * 40)
    )
    cost = CostConfig(parameters=1000, shared_prompt=shared_prompt)
    found, engine = run(backend(server.url), tmp_path, 100, budget, cost=cost)
    time.sleep(HANG + 0.5)  # requests that the client gave up are logged when they end
    total = 0.0
    for problem, done in found.items():
        spent = sum(c.prompt_tokens * c.requests + c.completion_tokens for c in done)
        assert spent <= limit, problem
        assert len(done) < 100
        total += spent
    assert total <= limit * 40
    # Bad luck alone can use up so small a budget.
    assert sum(map(bool, found.values())) > 0.5 * len(found)
    billed = Counter()
    for entry in server.entries():
        billed[entry["prompt"]] += entry["billed"]
    assert max(billed.values()) <= limit
    accounted = engine.ledger.standing()["tokens"][0]
    assert total <= sum(billed.values()) <= accounted <= limit * 40


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_alone(faulty, tmp_path, fault):
    server = faulty(0.5, fault, seed=1)
    problems = PROBLEMS[:6]
    found, _ = run(backend(server.url), tmp_path, 12, problems=problems)
    check_none_lost_or_doubled(found, 12)
    assert Counter(e["fault"] for e in server.entries())[fault] > 0


@pytest.mark.slow
@pytest.mark.parametrize("fault", IN_A_LINE)
def test_each_fault_alone_in_lines_of_batches(faulty, batched, tmp_path, fault):
    server = faulty(0.5, fault, seed=1)
    part, gateway = batched(server)
    problems = PROBLEMS[:6]
    found, _ = run(part, tmp_path, 12, problems=problems)
    check_none_lost_or_doubled(found, 12)
    assert Counter(e["fault"] for e in server.entries())[fault] > 0
    assert gateway.count("batch") < len(server.entries()), "what failed travels together again"


@pytest.mark.slow
@pytest.mark.parametrize(("shared_prompt", "limit"), [("once", 450), ("per_sample", 900)])
def test_the_budget_is_never_passed_in_batches(faulty, batched, tmp_path, shared_prompt, limit):
    """By what a provider bills: every line that it answers, be it in a way that can't be read."""
    server = faulty(0.35, *IN_A_LINE, seed=5)
    part, gateway = batched(server)
    problems = PROBLEMS[:20]
    budget = BudgetConfig(
        per_problem=ProblemBudget(tokens=limit), per_run=RunBudget(tokens=limit * 15)
    )
    cost = CostConfig(parameters=1000, shared_prompt=shared_prompt)
    found, engine = run(part, tmp_path, 100, budget, problems, cost)
    billed = Counter()
    for entry in gateway.entries("billed"):
        billed[entry["prompt"]] += entry["tokens"]
    assert max(billed.values()) <= limit
    accounted = engine.ledger.standing()["tokens"][0]
    assert sum(billed.values()) <= accounted <= limit * 15
    assert sum(map(bool, found.values())) > 0.5 * len(found)


@pytest.mark.parametrize("fault", [f for f in FAULTS if f not in READABLE])
def test_the_backend_calls_it_retryable(faulty, fault):
    server = faulty(1.0, fault)

    async def one():
        opened = backend(server.url).open()
        try:
            return await opened.complete(Call(Prompt(text="p"), PARAMS, (1, 2)))
        finally:
            await opened.close()

    with pytest.raises(RetryableError) as caught:
        asyncio.run(one())
    assert str(caught.value).startswith(server.url)
    assert "\n" not in str(caught.value)
    assert caught.value.__context__ is None
    if fault == "limit":
        assert caught.value.retry_after == pytest.approx(0.05)


def test_missing_usage_counts_no_less_than_the_truth(faulty, tmp_path):
    server = faulty(1.0, "missing_usage")
    found, _ = run(backend(server.url), tmp_path, 8, problems=PROBLEMS[:3])
    for done in found.values():
        for completion in done:
            assert len(completion.text.split()) <= completion.completion_tokens <= PARAMS.max_tokens


def test_a_server_that_refuses_tls(faulty):
    server = faulty(0.0)

    async def identify():
        opened = backend(server.tls).open()
        try:
            await opened.identify()
        finally:
            await opened.close()

    with pytest.raises(BackendError, match=r"https://127\.0\.0\.1.*is the server running") as e:
        asyncio.run(identify())
    assert not isinstance(e.value, RetryableError)


@pytest.mark.slow
def test_a_pool_lives_on_without_its_broken_members(faulty, tmp_path):
    good, bad = faulty(0.1, seed=3), faulty(1.0, "reset", "hang", seed=4)
    part = backend(good.url, bad.url, good.tls)
    found, _ = run(part, tmp_path, 20, problems=PROBLEMS[:20])
    check_none_lost_or_doubled(found, 20)
    assert len(bad.entries()) < len(good.entries()) / 2
