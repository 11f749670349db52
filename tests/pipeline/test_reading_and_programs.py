"""Methods read given texts and run programs; both are kept, counted and replayed like samples."""

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
import pytest

from ttc import nano
from ttc.core import Attempt, Program, Reading, Solution
from ttc.errors import RecipeError, UsageError
from ttc.pipeline.run import run_recipe
from ttc.recipe import parse_recipe
from ttc.refs import BackendRef
from ttc.samplers import SamplerPart
from ttc.samplers.independent import Independent
from ttc.store.tables import read_frame

RECIPE = """
name: reads
dataset: {type: nano, family: arithmetic, levels: [1], problems: 4}
backend: {type: nano, model: nano-solver}
sampler: SAMPLER
policies: [first]
results: RESULTS
"""


class BestOfScored(SamplerPart):
    """Draws solutions and answers with the one whose last step a reward model scores best."""

    type: Literal["best_of_scored"] = "best_of_scored"
    draw: Independent = Independent(temperature=1.0, max_tokens=64)
    prm: BackendRef
    solutions: int = 4
    roles: ClassVar = {"prm": "reward"}

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        found = await self.draw.some(attempt, self.solutions)
        prompt = self.draw.ask(attempt, 1).prompt
        lines = [tuple(f"{line}\n" for line in s.text.splitlines()) for s in found]
        scores: list[float] = []
        for steps in lines:  # step by step: what was read before is not paid for again
            for n in range(1, len(steps) + 1):
                (read,) = await attempt.read(Reading(prompt, steps[:n], by="prm"))
            scores.append(read.scores[-1])
        attempt.answer(found[int(np.argmax(scores))])
        return found


class Calculating(SamplerPart):
    """Answers with what a program prints."""

    type: Literal["calculating"] = "calculating"
    executes: ClassVar[bool] = True
    source: str

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        done = await attempt.execute(Program(self.source), Program(self.source))
        made = [attempt.solution(one.stdout.strip() or one.ended, []) for one in done]
        for one in made[:1]:
            attempt.answer(one)
        return made


def recipe(folder, sampler, *more):
    text = RECIPE.replace("SAMPLER", sampler).replace("RESULTS", str(folder))
    return parse_recipe(text + "\n".join(more))


def test_a_reward_model_scores_as_it_does_by_itself(own_parts, tmp_path):
    own_parts(BestOfScored)
    outcome = run_recipe(
        recipe(tmp_path, "{type: best_of_scored, prm: {type: nano, model: nano-prm}}")
    )
    solutions = read_frame(outcome.run.solutions, "solutions")
    answers = read_frame(outcome.run.table("answers"), "answers")
    problems = read_frame(outcome.run.problems, "problems").set_index("problem_id")
    prm = nano.load("nano-prm")
    for problem, rows in solutions.groupby("problem_id", observed=True):
        question = problems.loc[problem, "question"]
        last = [prm.score_steps(question, text.splitlines())[-1] for text in rows["text"]]
        chosen = answers.loc[answers["problem_id"] == problem, "solution_index"].iloc[-1]
        assert chosen == int(np.argmax(last))
    samples = read_frame(outcome.run.table("samples"), "samples")
    read = samples[samples["role"] == "reward"]
    assert set(read["fate"]) == {"judged"}
    assert read["score"].between(0, 1).all()
    assert outcome.manifest.models["sampler.prm"].model == "nano-prm"


def test_what_a_reward_model_has_read_is_not_paid_for_again(own_parts, tmp_path):
    own_parts(BestOfScored)
    outcome = run_recipe(
        recipe(tmp_path, "{type: best_of_scored, prm: {type: nano, model: nano-prm}}")
    )
    samples = read_frame(outcome.run.table("samples"), "samples")
    read = samples[samples["role"] == "reward"]
    paid = (read["prompt_tokens"] - read["cached_tokens"]).groupby(
        read["problem_id"], observed=True
    )
    solutions = read_frame(outcome.run.solutions, "solutions")
    for problem, tokens in paid.sum().items():
        texts = solutions.loc[solutions["problem_id"] == problem, "text"]
        assert tokens < sum(len(text) for text in texts) + 4 * 200
    ledger = outcome.manifest.ledger["roles"]
    for role, rows in samples.groupby("role", observed=True):
        paid_tokens = (rows["prompt_tokens"] - rows["cached_tokens"]).sum()
        assert ledger[role]["prompt_tokens"] == paid_tokens
        assert ledger[role]["completion_tokens"] == rows["completion_tokens"].sum()
        assert ledger[role]["samples"] == len(rows)


def test_readings_and_programs_are_replayed(own_parts, tmp_path):
    own_parts(BestOfScored, Calculating)
    for sampler in (
        "{type: best_of_scored, prm: {type: nano, model: nano-prm}}",
        "{type: calculating, source: 'import time; print(time.time_ns())'}",
    ):
        first = run_recipe(recipe(tmp_path, sampler))
        first.run.manifest_path.unlink()
        again = run_recipe(recipe(tmp_path, sampler))
        assert sum(used["paid_samples"] for used in again.manifest.roles.values()) == 0
        texts = [read_frame(o.run.solutions, "solutions")["text"].tolist() for o in (first, again)]
        assert texts[0] == texts[1]


def test_a_model_that_scores_no_steps_is_refused_before_the_first_call(own_parts, tmp_path):
    class Needs(BestOfScored):
        type: Literal["needs"] = "needs"

        @property
        def needs(self):
            return {"prm.step_scores": 1}

    own_parts(Needs, BestOfScored)
    with pytest.raises(RecipeError, match="step"):
        recipe(tmp_path, "{type: needs, prm: {type: nano, model: nano-solver}}")
    with pytest.raises(UsageError, match="no step_scores"):
        run_recipe(recipe(tmp_path, "{type: best_of_scored, prm: {type: nano}}"))


def test_programs_count_as_calls_and_only_parts_that_say_so_run_any(own_parts, tmp_path):
    class Silent(Calculating):
        type: Literal["silent"] = "silent"
        executes: ClassVar[bool] = False

    own_parts(Calculating, Silent)
    source = "source: 'print(6 * 7)'"
    outcome = run_recipe(recipe(tmp_path, f"{{type: calculating, {source}}}"))
    texts = read_frame(outcome.run.solutions, "solutions")["text"]
    assert set(texts) == {"42"}
    assert outcome.manifest.ledger["roles"]["program"]["samples"] == 8
    outcome = run_recipe(
        recipe(tmp_path, f"{{type: calculating, {source}}}", "budget: {per_problem: {calls: 1}}")
    )
    assert len(read_frame(outcome.run.solutions, "solutions")) == 4
    with pytest.raises(UsageError, match="declare `executes = True`"):
        run_recipe(recipe(tmp_path, f"{{type: silent, {source}}}"))


def test_logprobs_of_given_text_are_those_of_sampling():
    model = nano.load("nano-solver")
    prompt = "Problem: Tom has 3 pens. 4 more come. How many pens does Tom have?\nSolution:\n"
    job = nano.SampleJob(prompt=prompt, seeds=(1,), max_tokens=30, temperature=1.0, logprobs=0)
    ((sample,),) = model.sample([job])
    (read,) = nano.token_logprobs(model, [nano.Text(prompt, [sample.text])])
    told = [p for _, p, _ in sample.logprobs][: len(read)]
    assert np.allclose([p for _, p in read], told, atol=1e-3)


def test_repeats_are_attempts_of_their_own(own_parts, tmp_path):
    own_parts(BestOfScored)
    sampler = "{type: best_of_scored, prm: {type: nano, model: nano-prm}, solutions: 2}"
    more = ["repeats: 3", "budget: {per_problem: {tokens: 4000}}"]
    outcome = run_recipe(recipe(tmp_path, sampler, *more))
    solutions = read_frame(outcome.run.solutions, "solutions")
    assert (solutions.groupby(["problem_id", "repeat"], observed=True).size() == 2).all()
    assert (solutions.groupby("problem_id", observed=True)["solution_index"].nunique() == 6).all()
    answers = read_frame(outcome.run.table("answers"), "answers")
    assert (answers["final"].groupby(answers["problem_id"], observed=True).sum() == 3).all()
    first = solutions[solutions["repeat"] == 0]["text"].tolist()
    alone = run_recipe(recipe(tmp_path / "alone", sampler))
    assert read_frame(alone.run.solutions, "solutions")["text"].tolist() == first
    with pytest.raises(RecipeError, match="need no repeats"):
        recipe(tmp_path, "independent", "repeats: 2")
