"""A pool that is verified and refined: who is kept, by which reviews, when it ends."""

import asyncio
import re
from typing import Literal

import pytest
from attempts import attempt_of
from on_nano import tables
from sampled import check_budget, ran
from served import Served

from ttc.core import Capabilities, Completion, ModelIdentity, Problem
from ttc.samplers.proof_pool import ProofPool
from ttc.verifiers import VerifierPart

PROBLEM = Problem("p", "1+1+1?", "3")


class Writer:
    """Writes the numbers 0, 1, 2 ... one after the other; remembers what it was shown."""

    capabilities = Capabilities(chat=True)
    identity = ModelIdentity("test", "writer")

    def __init__(self):
        self.shown, self.written = [], 0

    async def sample(self, prompt, params, n, **_):
        self.shown += [prompt.messages[0].content] * n
        self.written += n
        first = self.written - n
        return [Completion(f"No. {first + i}", "stop", 7, 3) for i in range(n)]


class Graders(VerifierPart):
    """Give each solution, a number, the scores of a table; of others, what `other` says."""

    type: Literal["graders"] = "graders"
    table: dict
    other: tuple = (0.0,)

    async def verify(self, attempt, solutions):
        return [
            self.verification(
                s, i, [], verdict=None, score=score, text=f"review {score} of {s.text}"
            )
            for s in solutions
            for i, score in enumerate(self.table.get(int(s.text[4:]), self.other))
        ]


def pooled(table, other=(0.0,), **settings):
    sampler = ProofPool(**settings)
    critic = Graders.model_construct(table=table, other=other, name="")
    sampler = sampler.model_copy(update={"critic": critic})
    model = Writer()
    attempt = attempt_of(sampler, PROBLEM, model, prompt="cot", reviser=model)
    found = asyncio.run(sampler.solve(attempt))
    said = [attempt._record.solutions[a.solution_index].text for a in attempt._record.answers()]
    return [s.text for s in found], said, model.shown


def reviews(shown):
    return [re.findall(r"review [\d.]+ of No\. \d+", text) for text in shown]


def test_the_best_are_refined_each_by_other_reviews_and_the_worst_first():
    table = {0: (1, 0, 0.5, 1), 1: (0, 0, 0, 0), 2: (1, 1, 0, 1)}
    _, said, shown = pooled(table, solutions=3, keep=2, refinements=2, rounds=1)
    # Of No. 2, whose mean is 0.75, before No. 0.
    found = [one for one in reviews(shown) if one]
    assert found[0] == ["review 0 of No. 2"]
    assert found[1] == ["review 1 of No. 2"]
    assert found[2:] == [["review 0 of No. 0"], ["review 0.5 of No. 0"]]
    assert all("1+1+1?" in text for text in shown)
    assert said == ["No. 0", "No. 2", "No. 2"]


def test_reviews_may_be_shown_together_as_the_script_does():
    table = {0: (1, 0, 0.5, 0)}
    _, _, shown = pooled(table, solutions=1, refinements=1, reviews=3, rounds=1)
    (found,) = [one for one in reviews(shown) if one]
    assert found == ["review 0 of No. 0"] * 2 + ["review 0.5 of No. 0"]


def test_it_ends_when_one_passes_all():
    table = {0: (0.5, 1), 1: (1, 1)}
    found, said, shown = pooled(table, solutions=1, refinements=1, rounds=16)
    assert found[0] == said[-1] == "No. 1"
    assert len(shown) == 2


def test_or_after_so_many_rounds_with_the_best():
    table = {0: (0.5,)}
    found, said, shown = pooled(table, solutions=2, keep=3, refinements=1, rounds=3)
    assert found[0] == said[-1] == "No. 0"
    # In a round each of the pool is refined once: two solutions, then three.
    assert len(shown) == 2 + 2 + 3 + 3


def test_a_solution_that_nobody_could_judge_is_not_in_the_pool():
    found, said, _ = pooled({0: (None,), 1: (0.5, None)}, solutions=2, rounds=0)
    assert (found, said[-1]) == (["No. 1"], "No. 1")
    found, said, _ = pooled({}, other=(None,), solutions=2)
    assert said == ["No. 0"]
    assert len(found) == 2


def test_without_a_critic_a_served_chat_model_grades_itself():
    replies = iter(
        (
            "The final answer is \\boxed{4}",
            "The sum is wrong.\nScore: \\boxed{0}",
            "The final answer is \\boxed{3}",
            "Score: \\boxed{1}",
        )
    )
    model = Served(lambda messages: next(replies))
    grader = {"type": "genrm", "name": "grader", "prompt": "grade", "score": "boxed"}
    sampler = ProofPool(solutions=1, refinements=1, critic={**grader, "verifications": 1})
    found = asyncio.run(sampler.solve(attempt_of(sampler, PROBLEM, model, prompt="cot")))
    assert [s.answer for s in found] == ["3", "4"]
    assert "The sum is wrong." in model.asked[2][0]["content"]


def test_the_defaults_are_the_papers():
    pool = ProofPool()
    assert (pool.solutions, pool.keep, pool.refinements, pool.reviews) == (64, 64, 8, 1)
    assert (pool.critic.verifications, pool.rounds) == (64, 16)


NANO = """{type: proof-pool, temperature: 1.0, top_p: 1.0, max_tokens: 64, solutions: 4, keep: 2,
    refinements: 2, rounds: 2, reviser: {type: nano, model: nano-roles}, revise_prompt: nano-revise,
    critic: {type: genrm, name: critic, backend: {type: nano, model: nano-verifier},
    prompt: nano-genrm, score: binary, verifications: 2, temperature: 1.0, max_tokens: 96}}"""


def test_nano_roles_refines_what_nano_verifier_doubts(tmp_path):
    found = tables(ran(tmp_path, NANO, problems=12))
    samples = found["samples"]
    assert set(samples["role"].astype(str)) == {"solver", "critic", "reviser"}
    returned = found["solutions"][found["solutions"]["returned"]]
    assert returned.groupby("problem_id", observed=True).size().max() <= 2
    means = found["verifications"].groupby(["problem_id", "solution_index"], observed=True)["score"]
    best = means.mean().groupby("problem_id", observed=True).max()
    final = found["answers"][found["answers"]["final"]].set_index("problem_id")["solution_index"]
    assert all(means.mean()[problem, final[problem]] == best[problem] for problem in best.index)


@pytest.mark.parametrize("limit", [300, 500])
def test_within_a_budget(tmp_path, limit):
    check_budget(tmp_path, NANO, limit)


def test_a_plan_knows_the_most_samples():
    sampler = ProofPool(solutions=8, keep=4, refinements=2, rounds=3, critic={"type": "genrm"})
    assert sampler.most_samples() == {"solver": 8 + 24, "critic": 8 * (8 + 24)}
