"""A recipe whose model is served by another process: the same answers, and limits that hold."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys

import openai
import pytest
import yaml
from processes import ttc
from recipe_server import serving

from ttc.datasets.nano import NanoDataset
from ttc.report.plain_problem import plain_problem
from ttc.store.run_folder import RunFolder

QUESTIONS = [p.question for p in NanoDataset(levels=(2, 3), problems=16).load()]
RECIPE = {
    "name": "far",
    "dataset": {"type": "nano", "levels": [2, 3], "problems": 4},
    "sampler": {"type": "independent", "solutions": 6, "temperature": 1.0, "max_tokens": 96},
    "policies": ["majority"],
    "budget": {"per_problem": {"tokens": 900}},
}


def written(folder, url, **more):
    backend = {"type": "openai", "model": "nano-solver", "base_url": url}
    (folder / "far.yaml").write_text(yaml.safe_dump({**RECIPE, "backend": backend, **more}))
    return "far.yaml"


def test_answers_are_those_of_a_run_and_nothing_is_bought_twice(tmp_path, nano_server):
    recipe = written(tmp_path, nano_server)
    done = ttc(tmp_path, "run", recipe, "--json")
    assert done.returncode == 0, done.stderr
    place = json.loads(done.stdout)["run"]
    with serving(tmp_path, recipe, "--results", "other") as server:
        for problem in NanoDataset(levels=(2, 3), problems=4).load():
            run = RunFolder(tmp_path / "results" / place)
            (chosen,) = plain_problem(run, problem.id)["chosen"]
            reply = server.ask(problem.question, seed=0)
            assert reply.ttc["answer"] == chosen["answer"]
            assert reply.usage.total_tokens <= 900
    with serving(tmp_path, recipe) as server:  # the run's own journal
        assert server.ask(QUESTIONS[0], seed=0).ttc["billed"]["tokens"] == 0
        assert server.status()["billed"]["tokens"] == 0


def test_the_whole_budget_counts_all_that_servers_bill(tmp_path, nano_server):
    recipe = written(tmp_path, nano_server, budget={"per_run": {"tokens": 6000}})

    async def one(client, question, seed):
        try:
            return await client.chat.completions.create(
                model="far", messages=[{"role": "user", "content": question}], seed=seed
            )
        except openai.RateLimitError as error:
            return error

    async def together(url):
        async with openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0) as client:
            return await asyncio.gather(*(one(client, q, 1) for q in QUESTIONS * 2))

    with serving(tmp_path, recipe, "--concurrency", "32") as server:
        found = asyncio.run(together(server.url))
        replies = [one for one in found if not isinstance(one, Exception)]
        refused = [one for one in found if isinstance(one, Exception)]
        assert replies
        assert {one.code for one in refused} <= {"insufficient_quota"}
        spent = server.status()["billed"]["tokens"]
        assert spent <= 6000
        assert sum(one.ttc["billed"]["tokens"] for one in replies) <= spent


def test_a_model_that_dies_fails_its_questions_and_not_the_server(tmp_path):
    command = [sys.executable, "-m", "ttc", "serve-model", "nano-solver", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as model:
        url = json.loads(model.stdout.readline())["url"]
        engine = {"max_attempts": 2, "max_wait_s": 0.2, "max_outage_s": 1, "max_total_s": 3}
        recipe = written(tmp_path, url, engine=engine)
        with serving(tmp_path, recipe) as server:
            assert server.ask(QUESTIONS[0], seed=0).ttc["solutions"] == 6
            model.send_signal(signal.SIGINT)
            model.wait(120)
            with pytest.raises(openai.InternalServerError) as caught:
                server.ask(QUESTIONS[1], seed=0)
            assert caught.value.status_code == 502
            assert url not in str(caught.value), "where models are is no client's business"
            assert url.removesuffix("/v1") in server.process.written()[1]
            assert server.ask(QUESTIONS[0], seed=0).ttc["billed"]["tokens"] == 0
            port = url.removesuffix("/v1").rpartition(":")[2]
            again = [*command[:-1], port]
            with subprocess.Popen(again, stdout=subprocess.PIPE, text=True) as model:
                model.stdout.readline()
                assert server.ask(QUESTIONS[1], seed=0).ttc["solutions"] == 6
                model.send_signal(signal.SIGINT)
