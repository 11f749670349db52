"""What shards leave of a run's budget is dealt out by the recipe on one machine, as if it had been
alone from the start; and nobody pays twice, or beyond the budget.
"""

from __future__ import annotations

import shutil

import pytest
from sharded import USUAL, check_same, frames

from ttc.errors import DataError
from ttc.pipeline.sharding.merge import NothingYet, merge

RUN_TOKENS = 5200
BUDGETS = {
    "tokens": f"budget: {{per_run: {{tokens: {RUN_TOKENS}}}}}",
    "both": f"budget: {{per_problem: {{tokens: 800}}, per_run: {{tokens: {RUN_TOKENS}}}}}",
    "calls": "budget: {per_run: {calls: 70}}",
    "by votes": f"budget: {{per_run: {{tokens: {RUN_TOKENS}}}, allocation: posterior, pilot: 0.8}}",
}


def paid(manifest):
    return sum(used["paid_tokens"] for used in manifest.ledger["roles"].values())


@pytest.mark.slow
@pytest.mark.parametrize("which", BUDGETS)
def test_two_passes_are_as_one_machine_at_once(run, shards, which):
    text = f"{USUAL}{BUDGETS[which]}\n"
    alone = run("alone", text)
    assert alone.manifest.ledger["rounds"] > 1
    folders = shards("shared", text, 4)
    first = merge([folders[0].whole.path])
    note = first.manifest.merged
    assert note.second_pass
    assert note.wanting
    second = run("shared", text)
    assert second.fresh
    check_same(second.run, alone.run)
    assert second.manifest.ledger["rounds"] == alone.manifest.ledger["rounds"]
    both = sum(paid(one.manifest()) for one in folders) + paid(second.manifest)
    assert both == pytest.approx(paid(alone.manifest)), "what is there is not paid for again"
    assert not run("shared", text).fresh, "there is no third pass"
    again = merge([folders[0].whole.path])
    assert not again.fresh, "nor does a merge take the second pass back"
    assert {one.shard for one in again.manifest.tries} == {"1/4", "2/4", "3/4", "4/4", ""}


def test_what_is_left_is_told(shards):
    text = f"{USUAL}{BUDGETS['tokens']}\n"
    folders = shards("shared", text, 3)
    note = merge([folders[0].whole.path]).manifest.merged
    used = sum(one.manifest().ledger["part"]["used"]["tokens"] for one in folders)
    assert note.left["tokens"] == pytest.approx(RUN_TOKENS - used)
    assert note.billed["tokens"] == pytest.approx(used)


def test_no_second_pass_where_all_have_what_they_asked_for(run, shards):
    text = f"{USUAL}budget: {{per_run: {{tokens: 1e6}}}}\n"
    merged = merge([shards("shared", text, 3)[0].whole.path])
    assert merged.manifest.status == "complete"
    assert not merged.manifest.merged.second_pass
    assert not run("shared", text).fresh
    check_same(merged.run, run("alone", text).run)


def test_shares_too_small_for_any_sample_still_buy_some_in_the_second_pass(run, shards):
    text = f"{USUAL}budget: {{per_run: {{tokens: 1200}}}}\n"
    folders = shards("shared", text, 3)
    assert not any(len(frames(one)["solutions"]) for one in folders)
    with pytest.raises(NothingYet, match="run the recipe on one"):
        merge([folders[0].whole.path])
    check_same(run("shared", text).run, run("alone", text).run)


@pytest.mark.slow
def test_samples_that_are_in_no_journal_here_are_not_bought_again(run, shards, tmp_path):
    """Hosts with journals of their own: the second pass wants them first, and then counts them."""
    text = f"{USUAL}{BUDGETS['tokens']}\n"
    first = [run("hosta", text, f"{i}/3").run for i in (1, 2)]
    second = run("hostb", text, "3/3").run
    results = tmp_path / "together"
    for one in (*first, second):
        shutil.copytree(
            one.path, results / one.path.relative_to(one.path.parents[4] / one.path.parents[3].name)
        )
    merged = merge([results / first[0].whole.path.relative_to(tmp_path / "hosta")])
    assert merged.manifest.merged.second_pass
    with pytest.raises(DataError, match="ttc journal pull --bills"):
        run("together", text)
    again = merge([one.path for one in (*first, second)], root=results)
    assert [one.came.new > 0 for one in again.pulled] == [True, True]
    done = run("together", text)
    check_same(done.run, run("alone", text).run)
