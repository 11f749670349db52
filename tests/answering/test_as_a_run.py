"""Asked the questions of a run, with its seed, the server gives what the run's policy chose."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from processes import ttc
from recipe_server import serving

from ttc.report.plain_problem import plain_problem
from ttc.store.run_folder import RunFolder

SEED = 3
ARITHMETIC = ("dataset.problems=3", "dataset.levels=[2,3,4]")
QUICK = (*ARITHMETIC, "sampler.solutions=12", "verifiers.0.verifications=3")
FEW = ("dataset.problems=2", f"seed={SEED}")


def sets(*changes):
    return [word for change in changes for word in ("--set", change)]


def run_of(folder, recipe, *changes):
    """The tables of a run, by name, and its problems by id."""
    done = ttc(folder, "run", recipe, *sets(*changes, f"seed={SEED}"), "--results", "run", "-q")
    assert done.returncode == 0, done.stderr
    (place,) = folder.glob("run/*/*/manifest.json")
    read = lambda name: pd.read_parquet(place.with_name(f"{name}.parquet"))  # noqa: E731
    found = {name: read(name) for name in ("problems", "solutions", "samples")}
    for name in ("verifications", "answers"):
        if place.with_name(f"{name}.parquet").exists():
            found[name] = read(name)
    return place.parent, found


def own(tables, name, problem):
    return tables[name][tables[name]["problem_id"] == problem]


def chosen_by_page(place, problem, policy):
    """The answer that `ttc show --json` says a policy chose, None for none."""
    told = plain_problem(RunFolder(place), problem)["chosen"]
    return next(one["answer"] for one in told if one["policy"] == policy)


def text_chosen(tables, problem, answer, verifier):
    """Of the solutions with the answer's class, the one with the best mean score, or the first."""
    rows = own(tables, "solutions", problem)
    rows = rows[rows["returned"]] if "returned" in rows else rows
    if answer is None:
        return ""
    number = rows[rows["answer"] == answer]["answer_class"].iloc[0]
    rows = rows[rows["answer_class"] == number]
    if verifier is None:
        return rows.iloc[0]["text"]
    judged = own(tables, "verifications", problem)
    judged = judged[judged["verifier"] == verifier]
    mean = judged.groupby("solution_index")["score"].mean()
    scores = rows["solution_index"].map(mean).fillna(-np.inf)
    return rows.loc[scores.idxmax()]["text"]


CASES = {
    "majority": ("quickstart", "majority", QUICK, ()),
    "weighted": ("quickstart", "weighted_majority", QUICK, ()),
    "best of n": ("quickstart", "best_of_n", QUICK, ()),
    "a budget that binds": (
        "quickstart",
        "weighted_majority",
        (*QUICK, "budget.per_problem.tokens=700"),
        (),
    ),
    "a budget that binds, verdicts unread": (
        "quickstart",
        "majority",
        (*QUICK, "budget.per_problem.tokens=700"),
        ("--all-verifiers",),
    ),
    "pessimistic": (
        "verifiers/heimdall",
        "pessimistic",
        (*FEW, "sampler.solutions=6", "verifiers.0.verifications=2"),
        (),
    ),
    "rewards": ("verifiers/prm", "best_of_n", (*FEW, "sampler.solutions=6"), ()),
    "pairs": (
        "verifiers/pairwise",
        "league",
        (*FEW, "sampler.solutions=8"),
        (),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_policies_choose_what_they_choose_of_a_run(tmp_path, case):
    recipe, policy, changes, words = CASES[case]
    place, tables = run_of(tmp_path, recipe, *changes)
    more = [*sets(*changes), "--results", "serve", *words]
    with serving(tmp_path, recipe, *more, "--policy", policy) as server:
        for row in tables["problems"].itertuples():
            reply = server.ask(row.question, seed=SEED)
            told = reply.ttc
            expected = chosen_by_page(place, row.problem_id, told["policy"])
            assert told["answer"] == expected
            text = text_chosen(tables, row.problem_id, expected, told["verifier"])
            assert reply.choices[0].message.content == text
            assert told["problem"] == row.problem_id
            assert told["solutions"] == len(own(tables, "solutions", row.problem_id))
            if told["verifications"]:
                judged = own(tables, "verifications", row.problem_id)
                assert told["verifications"] == len(judged)
            check_usage(reply, tables, row.problem_id, unread=not told["verifications"])


def check_usage(reply, tables, problem, unread):
    samples = own(tables, "samples", problem)
    samples = samples[samples["verifier"].isna()] if unread else samples
    used = reply.usage
    assert used.prompt_tokens == (samples["prompt_tokens"] - samples["cached_tokens"]).sum()
    assert used.completion_tokens == samples["completion_tokens"].sum()
    assert used.total_tokens == used.prompt_tokens + used.completion_tokens
    hidden = used.completion_tokens_details.reasoning_tokens
    assert 0 <= hidden <= used.completion_tokens


SEARCHES = {
    "samplers/beam": (*FEW, "sampler.beams=8"),
    "samplers/refine": (*FEW, "sampler.chains=3"),
    "samplers/adaptive_consistency": FEW,
    "samplers/particle": FEW,  # whose resampling is random
}


@pytest.mark.parametrize("recipe", SEARCHES)
def test_methods_that_answer_themselves_say_what_they_said_in_a_run(tmp_path, recipe):
    changes = SEARCHES[recipe]
    _, tables = run_of(tmp_path, recipe, *changes)
    with serving(tmp_path, recipe, *sets(*changes), "--results", "serve") as server:
        assert server.said["policy"] == "answer"
        for row in tables["problems"].itertuples():
            reply = server.ask(row.question, seed=SEED)
            final = own(tables, "answers", row.problem_id)
            final = final[final["final"]]["solution_index"].item()
            solutions = own(tables, "solutions", row.problem_id).set_index("solution_index")
            assert reply.choices[0].message.content == solutions.loc[final, "text"]
            assert reply.ttc["answer"] == solutions.loc[final, "answer"]
            check_usage(reply, tables, row.problem_id, unread=True)


def test_less_than_the_recipe_is_what_a_run_with_less_chooses(tmp_path):
    less = ("sampler.solutions=5", "verifiers.0.verifications=2", "sampler.temperature=0.7")
    limit = "budget.per_problem.tokens=300"
    place, tables = run_of(tmp_path, "quickstart", *QUICK, *less, limit)
    with serving(tmp_path, "quickstart", *sets(*QUICK), "--results", "serve") as server:
        for row in tables["problems"].itertuples():
            reply = server.ask(
                row.question,
                model="quickstart:best_of_n",
                seed=SEED,
                temperature=0.7,
                ttc={"solutions": 5, "verifications": 2, "budget": {"tokens": 300}},
            )
            expected = chosen_by_page(place, row.problem_id, "best_of_n")
            assert reply.ttc["answer"] == expected
            check_usage(reply, tables, row.problem_id, unread=False)
            assert reply.usage.total_tokens <= 300


def test_the_best_of_a_finished_run_answers(tmp_path):
    place, _ = run_of(tmp_path, "quickstart", *QUICK)
    curves = pd.read_parquet(place / "curves.parquet")
    last = curves.sort_values(["S", "V"]).groupby(["policy"], observed=True).last()
    last = last.drop(index="oracle")["success"]
    with serving(
        tmp_path, "quickstart", *sets(*QUICK, f"seed={SEED}"), "--results", "run"
    ) as server:
        assert last[server.said["policy"]] == last.max()
        assert f"{100 * last.max():.1f} % right" in server.process.written()[1]
