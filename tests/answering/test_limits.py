"""Budgets of questions and of the server, under many clients at once."""

from __future__ import annotations

import asyncio
import json
import signal
import threading
import time
from collections import Counter
from contextlib import suppress

import openai
import pytest
from processes import Command, ttc
from recipe_server import serving, until_open

from ttc.datasets.nano import NanoDataset

SMALL = ("--set", "sampler.solutions=8", "--set", "verifiers.0.verifications=2")
QUESTIONS = [p.question for p in NanoDataset(levels=(2, 3), problems=64).load()]


def together(server, asked):
    """Replies or errors of requests sent at once by the official asynchronous client."""

    async def one(client, question, more):
        try:
            return await client.chat.completions.create(
                model="quickstart", messages=[{"role": "user", "content": question}], **more
            )
        except openai.APIStatusError as error:
            return error

    async def all_of_them():
        async with openai.AsyncOpenAI(
            base_url=server.url, api_key="none", max_retries=0, timeout=120
        ) as client:
            return await asyncio.gather(*(one(client, q, more) for q, more in asked))

    return asyncio.run(all_of_them())


def total(replies, unit="tokens"):
    return sum(reply.ttc["billed"][unit] for reply in replies)


@pytest.mark.slow
@pytest.mark.parametrize("whole", [1_000_000, 9_000])
def test_64_at_once_pass_no_limit(tmp_path, whole):
    limits = [150 + 10 * i for i in range(64)]
    asked = [
        (question, {"seed": i, "extra_body": {"ttc": {"budget": {"tokens": limit}}}})
        for i, (question, limit) in enumerate(zip(QUESTIONS, limits, strict=True))
    ]
    words = (*SMALL, "--set", f"budget.per_run.tokens={whole}", "--concurrency", "16")
    with serving(tmp_path, "quickstart", *words) as server:
        found = together(server, asked)
        replies = [one for one in found if not isinstance(one, Exception)]
        for reply, limit in zip(found, limits, strict=True):
            if isinstance(reply, Exception):
                assert reply.code == "insufficient_quota"
                assert reply.status_code == 429
                continue
            assert 0 < reply.usage.total_tokens <= limit
            assert reply.usage.total_tokens + reply.ttc["budget"]["left"]["tokens"] == limit
            assert reply.ttc["billed"]["tokens"] <= reply.usage.total_tokens
        status = server.status()
        assert status["billed"]["tokens"] == total(replies) <= whole
        assert status["left"]["tokens"] == whole - total(replies)
        assert (status["working"], status["waiting"]) == (0, 0)
        if whole == 1_000_000:
            assert len(replies) == 64
        else:
            assert 0 < len(replies) < 64
            assert status["left"]["tokens"] < 150, "what is left covers no solution"
            # Who asks again finds what was drawn, for nothing.
            again = together(server, asked)
            for before, now in zip(found, again, strict=True):
                if not isinstance(before, Exception) and not before.ttc["budget"]["ended"]:
                    assert now.ttc["answer"] == before.ttc["answer"]
            assert server.status()["billed"]["tokens"] <= whole
    # The whole budget is one over all starts of the server.
    with serving(tmp_path, "quickstart", *words) as server:
        assert server.status()["billed"]["tokens"] >= total(replies)
        assert server.status()["left"]["tokens"] <= whole - total(replies)


@pytest.mark.slow
def test_what_a_server_was_billed_is_no_runs(tmp_path):
    """Or an experiment would depend on what was asked beside it."""
    changes = ("sampler.solutions=4", "verifiers=[]", "policies=[majority]")
    changes = (*changes, "dataset.problems=3", "budget.per_run.tokens=3000")
    words = [word for change in changes for word in ("--set", change)]

    def run(results):
        done = ttc(tmp_path, "run", "quickstart", *words, "--results", results, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    alone = run("alone")
    with serving(tmp_path, "quickstart", *words) as server:
        for seed in range(30):
            with suppress(openai.RateLimitError):
                server.ask(QUESTIONS[0], seed=1000 + seed)
        assert server.status()["billed"]["tokens"] > 1500
    beside = run("results")
    for key in ("status", "models"):
        assert beside[key] == alone[key]


def test_the_same_question_at_once_is_bought_once(tmp_path):
    with serving(tmp_path, "quickstart", *SMALL, "--concurrency", "8") as server:
        found = together(server, [(QUESTIONS[0], {"seed": 1})] * 16)
        assert len({reply.choices[0].message.content for reply in found}) == 1
        assert len({reply.usage.total_tokens for reply in found}) == 1
        assert total(found) == found[0].usage.total_tokens
        fresh = together(server, [(QUESTIONS[0], {})] * 4)
        assert len({reply.ttc["seed"] for reply in fresh}) == 4
        assert all(reply.ttc["billed"]["tokens"] > 0 for reply in fresh)
        again = server.ask(QUESTIONS[0], seed=fresh[0].ttc["seed"])
        assert again.choices[0].message.content == fresh[0].choices[0].message.content
        assert again.ttc["billed"]["tokens"] == 0


def test_a_full_line_says_when_to_come_back(tmp_path):
    words = ("--concurrency", "1", "--queue", "2", "--set", "sampler.solutions=200")
    with serving(tmp_path, "quickstart", *words, "--policy", "majority") as server:
        found = together(server, [(q, {"seed": 5}) for q in QUESTIONS[:12]])
        refused = [one for one in found if isinstance(one, Exception)]
        kinds = Counter(type(one).__name__ for one in found)
        assert kinds["ChatCompletion"] >= 3
        assert kinds["RateLimitError"] == len(refused) >= 1
        for one in refused:
            assert one.code == "server_busy"
            assert 1 <= int(one.response.headers["retry-after"]) <= 60


@pytest.mark.slow
def test_seconds_end_a_question_with_what_is_there(tmp_path):
    words = ("--set", "sampler.solutions=20000", "--set", "engine.n_per_call=16")
    words = (*words, "--set", "engine.concurrency=2")
    more = ("--set", "budget.per_problem.tokens=100000000", "--policy", "majority")
    with serving(tmp_path, "quickstart", *words, *more) as server:
        reply = server.ask(QUESTIONS[0], seed=1, ttc={"budget": {"seconds": 4}})
        assert 0 < reply.ttc["solutions"] < 20000
        assert reply.ttc["budget"]["ended"]
        assert reply.ttc["seconds"] < 60
        with pytest.raises(openai.BadRequestError, match=r"0\.001 seconds") as caught:
            server.ask(QUESTIONS[1], seed=1, ttc={"budget": {"seconds": 0.001}})
        assert caught.value.code == "budget_too_small"


@pytest.mark.slow
def test_a_budget_without_room_for_a_solution(tmp_path):
    with (
        serving(tmp_path, "quickstart", *SMALL) as server,
        pytest.raises(openai.BadRequestError, match=r"10 tokens.*single solution") as caught,
    ):
        server.ask(QUESTIONS[0], ttc={"budget": {"tokens": 10}})
    assert caught.value.code == "budget_too_small"


def test_a_killed_server_has_spent_what_it_had_under_way(tmp_path):
    words = (
        *("--set", "sampler.solutions=5000", "--set", "engine.n_per_call=16"),
        *("--set", "engine.concurrency=2", "--set", "budget.per_problem.tokens=1000000"),
        *("--set", "budget.per_run.tokens=2000000", "--policy", "majority"),
    )
    with Command(tmp_path, "serve", "quickstart", "--port", "0", *words) as process:
        server = until_open(process)
        asking = threading.Thread(target=lambda: unanswered(server))
        asking.start()
        server.wait_until(lambda status: status["billed"]["tokens"] > 500)
        before = server.status()["billed"]["tokens"]
        process.kill()
        process.wait(120)
        asking.join(20)
    with serving(tmp_path, "quickstart", *words) as server:
        assert server.status()["billed"]["tokens"] >= before
        reply = server.ask(QUESTIONS[0], seed=1, ttc={"solutions": 8})
        assert reply.ttc["billed"]["tokens"] == 0


def unanswered(server):
    with pytest.raises(openai.APIConnectionError):
        server.ask(QUESTIONS[0], seed=1)


@pytest.mark.parametrize("ends", [signal.SIGINT, signal.SIGTERM])
def test_who_is_told_that_it_is_open_may_end_it_at_once(tmp_path, ends):
    with serving(tmp_path, "quickstart", ends=ends):
        pass


@pytest.mark.parametrize("after", [0.0, 0.3])
def test_an_end_before_it_is_ready(tmp_path, after):
    with Command(tmp_path, "serve", "quickstart", "--port", "0") as process:
        time.sleep(after)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) in (0, 130)
        assert "Traceback" not in process.written()[1]
