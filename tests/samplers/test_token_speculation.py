"""Runs whose model has its tokens drafted: budgets, tables and the journal."""

from functools import partial

import pandas as pd
import pytest
import yaml
from on_nano import check_again, run_on_nano, tables

from ttc.errors import RecipeError
from ttc.recipe import parse_recipe
from ttc.recipe.identity import run_id
from ttc.report.speculation import speculation_lines
from ttc.store.tables import read_frame

SAMPLER = {"type": "independent", "solutions": 6, "max_tokens": 64}


def backend(**how):
    return {"type": "nano", "model": "nano-solver", "speculation": how}


def drawn_tokens(samples: pd.DataFrame) -> pd.Series:
    """Of each problem, discarded drafts among them."""
    own = samples["prompt_tokens"] - samples["cached_tokens"] + samples["completion_tokens"]
    own = own + samples["drafted"] - samples["accepted"]
    return own.groupby(samples["problem_id"], observed=True).sum()


@pytest.mark.parametrize(
    ("how", "limits"),
    [({"tokens": 3}, {"tokens": 330}), ({"tree": [2, 1]}, {"flops": 5.2e8})],
    ids=str,
)
def test_budgets_hold_and_tables_come_again_from_the_journal(tmp_path, how, limits):
    """A limit that no more than a few of the samples fit into, with drafts at their worst."""
    run = partial(
        run_on_nano,
        tmp_path,
        SAMPLER,
        3,
        backend=backend(**how),
        budget={"per_problem": limits},
        cost={"flops": "detailed"},
    )
    outcome = run()
    first = tables(outcome)
    samples = first["samples"]
    assert outcome.manifest.status == "budget"
    assert samples["rounds"].notna().all()
    assert (samples["accepted"] <= samples["drafted"]).all()
    assert (samples["draft_flops"] > 0).all()
    assert (samples["discarded_flops"] >= 0).all()
    used = {
        "tokens": drawn_tokens(samples),
        "flops": samples.groupby("problem_id", observed=True)["flops"].sum(),
    }
    assert all(used[unit].max() <= limit for unit, limit in limits.items())
    check_again(first, outcome, run)


def test_the_ledger_and_curves_count_what_the_samples_say(tmp_path):
    """Of whole solutions with verifications: what drafts took is in every cost."""
    judge = {"type": "nano", "model": "nano-verifier", "speculation": {"tokens": 2}}
    verifier = {
        "type": "genrm",
        "backend": judge,
        "prompt": "nano-genrm",
        "verifications": 2,
        "temperature": 1.0,
        "max_tokens": 96,
        "score": "binary",
    }
    outcome = run_on_nano(
        tmp_path,
        {**SAMPLER, "solutions": 2},
        2,
        backend=backend(tokens=4),
        verifiers=[verifier],
        policies=["majority", "best_of_n"],
    )
    samples = read_frame(outcome.run.table("samples"), "samples")
    for role in ("solver", "verifier"):
        own, used = samples[samples["role"] == role], outcome.manifest.roles[role]
        for counter, column in (
            ("target_passes", "rounds"),
            ("drafted", "drafted"),
            ("accepted", "accepted"),
            ("draft_flops", "draft_flops"),
            ("discarded_flops", "discarded_flops"),
            ("flops", "flops"),
        ):
            assert used[counter] == pytest.approx(own[column].sum())
        assert used["flops"] > used["draft_flops"] + used["discarded_flops"]
        said = " ".join(speculation_lines(role, used))
        assert f"{int(own['drafted'].sum()):,} tokens drafted" in said
    curves = read_frame(outcome.run.curves, "curves")
    solver = samples[samples["role"] == "solver"]
    for v, known, above in ((0, solver, 1e-9), (2, samples, 0.1)):
        cell = curves[(curves["S"] == 2) & (curves["V"] == v)].iloc[0]
        # Solutions of one text share the reading of a verifier here, which no mean can tell.
        for unit, wanted in (
            ("flops", known["flops"].sum() / 2),
            ("tokens", drawn_tokens(known).sum() / 2),
        ):
            assert wanted * (1 - 1e-9) <= cell[unit] <= wanted * (1 + above)


def test_searches_pay_for_drafts_too(tmp_path):
    """Of a method whose answers are measured: their costs have what was discarded."""
    sampler = {"type": "adaptive", "rule": "adaptive_consistency", "most": 3}
    sampler["draw"] = {"type": "independent", "max_tokens": 64}
    outcome = run_on_nano(tmp_path, sampler, 2, backend=backend(tree=[2, 2]))
    left = tables(outcome)
    answers = left["answers"][left["answers"]["final"]].set_index("problem_id")
    found = answers["prompt_tokens"] + answers["completion_tokens"]
    wanted = drawn_tokens(left["samples"])
    assert (
        wanted > left["samples"].groupby("problem_id", observed=True)["completion_tokens"].sum()
    ).all()
    for problem, tokens in found.items():
        assert tokens == wanted[problem]


def recipe(how):
    found = {
        "name": "x",
        "dataset": {"type": "nano", "problems": 1},
        "backend": how,
        "sampler": SAMPLER,
        "policies": ["first"],
    }
    return parse_recipe(yaml.safe_dump(found))


def test_a_run_without_drafts_keeps_its_name():
    plain = run_id(recipe({"type": "nano", "model": "nano-solver"}))
    assert plain == run_id(recipe({"type": "nano", "model": "nano-solver", "speculation": None}))
    assert plain != run_id(recipe(backend(tokens=4)))


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"tokens": 2, "tree": [2]}, "give either tokens, a chain, or a tree"),
        ({"tree": [9, 9]}, "a tree has 1 to 16 levels"),
        ({"draft": "nano-drafft"}, "did you mean 'nano-draft'"),
        ({"draft": "nano-roles"}, "nano-roles can't draft for nano-solver"),
        ({"token": 2}, "did you mean 'tokens'"),
    ],
)
def test_what_cannot_be_is_said_with_its_place(how, said):
    with pytest.raises(RecipeError, match="backend") as caught:
        recipe(backend(**how))
    assert said in str(caught.value)


def test_greedy_answers_are_those_without_drafts(tmp_path):
    cold = {**SAMPLER, "solutions": 1, "temperature": 0.0}
    plain = run_on_nano(tmp_path / "plain", cold)
    drafted = run_on_nano(tmp_path / "drafted", cold, backend=backend(tree=[2, 1, 1]))
    one, other = (tables(found)["solutions"] for found in (plain, drafted))
    pd.testing.assert_frame_equal(one, other)
