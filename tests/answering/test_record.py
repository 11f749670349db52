"""What was served, as a run."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from processes import Command, ttc
from recipe_server import serving

from ttc.datasets.nano import NanoDataset

QUESTIONS = [p.question for p in NanoDataset(levels=(2, 3, 4), problems=3).load()]
SMALL = ("--set", "sampler.solutions=6", "--set", "verifiers.0.verifications=2")


@pytest.mark.slow
def test_served_questions_are_a_run_that_show_opens(tmp_path):
    with serving(tmp_path, "quickstart", *SMALL, "--record", "served/day") as server:
        replies = [
            server.ask(q, seed=1) for q in (*QUESTIONS, QUESTIONS[0], "How many are 2 and 2?")
        ]
        voted = server.ask(QUESTIONS[1], model="quickstart:majority", seed=1)
    folder = tmp_path / "served/day"
    problems = pd.read_parquet(folder / "problems.parquet")
    first = NanoDataset(levels=(2, 3, 4), problems=3).load()[0]
    assert problems["problem_id"].tolist() == [
        *(reply.ttc["problem"] for reply in replies[:3]),
        f"{first.id}~2",
        replies[4].ttc["problem"],
        f"{voted.ttc['problem']}~2",
    ]
    assert problems["gold_answer"][0] == first.answer
    assert problems["gold_answer"][4] == ""
    served = json.loads(problems["metadata"][5])["served"]
    assert (served["policy"], served["answer"]) == ("majority", voted.ttc["answer"])
    samples = pd.read_parquet(folder / "samples.parquet")
    tokens = samples["prompt_tokens"] - samples["cached_tokens"] + samples["completion_tokens"]
    by_problem = tokens.groupby(samples["problem_id"], observed=True).sum()
    for name, reply in zip(problems["problem_id"], (*replies, voted), strict=True):
        assert by_problem[name] == reply.usage.total_tokens
    shown = ttc(tmp_path, "show", folder, "--problem", first.id, "--json")
    assert shown.returncode == 0, shown.stderr
    chosen = {one["policy"]: one["answer"] for one in json.loads(shown.stdout)["chosen"]}
    assert chosen["weighted_majority"] == replies[0].ttc["answer"]
    for words in (("show", folder), ("show", folder, "--problem", replies[4].ttc["problem"])):
        done = ttc(tmp_path, *words)
        assert done.returncode == 0, done.stderr
        assert "sampled anew" not in done.stdout, "nobody counted"
    assert ttc(tmp_path, "report", folder).returncode == 0


@pytest.mark.parametrize("recipe", ["samplers/refine"])
def test_methods_that_answer_themselves_are_recorded_with_their_answers(tmp_path, recipe):
    words = ("--set", "sampler.chains=2", "--record", "served/refine")
    with serving(tmp_path, recipe, *words) as server:
        reply = server.ask(QUESTIONS[0], seed=1)
    answers = pd.read_parquet(tmp_path / "served/refine/answers.parquet")
    assert answers["final"].sum() == 1
    assert answers[answers["final"]]["solution_index"].item() == reply.ttc["solution"]


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there/mine.txt").write_text("mine")
    refused = Command(tmp_path, "serve", "quickstart", "--port", "0", "--record", "there")
    assert refused.wait(60) == 2
    assert "name a new folder" in refused.written()[1]
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["mine.txt"]
