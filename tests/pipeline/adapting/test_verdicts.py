"""`ttc adapt --verdicts`: a judge's pool, tuned on one half, and live runs that agree; clusters."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from ttc.analysis.contention import Contention
from ttc.analysis.verdict_stopping import Order
from ttc.cli._app import app
from ttc.errors import DataError, UsageError
from ttc.pipeline.adapting.adapt import adapt
from ttc.pipeline.adapting.request import AdaptRequest, Region
from ttc.pipeline.run import run_recipe
from ttc.pipeline.tuning.file import read_tuned
from ttc.recipe import parse_recipe
from ttc.store.tables import read_frame

VOTES, SOLUTIONS = 4, 6
DRAW = f"{{type: independent, solutions: {SOLUTIONS}, temperature: 1.0, max_tokens: 64}}"
JUDGE = """{type: genrm, backend: {type: nano, model: nano-verifier}, prompt: nano-genrm,
    verifications: NUMBER, temperature: 1.0, max_tokens: 96, score: binary}"""
RECIPE = """
name: NAME
dataset: {type: nano, family: arithmetic, levels: [2, 3], problems: 12}
sampler: SAMPLER
policies: [first]
results: RESULTS
"""
SLIGHTLY = AdaptRequest(verdicts="weighted_majority", orders=8)


def made(folder, name, sampler, verifiers=""):
    text = RECIPE.replace("NAME", name).replace("SAMPLER", sampler)
    text = text.replace("RESULTS", str(folder / "results")) + verifiers
    return run_recipe(parse_recipe(text)).run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("verdicts")


@pytest.fixture(scope="module")
def run(folder):
    return made(folder, "pool", DRAW, f"verifiers: [{JUDGE.replace('NUMBER', str(VOTES))}]\n")


def test_what_is_said_of_a_judges_pool(run):
    found = adapt(run, SLIGHTLY)
    assert (found.unit, found.judge, found.most) == ("verdicts", "genrm", SOLUTIONS)
    assert (found.problems, len(found.tuned.problems)) == (6, 6)
    lines = {line.label: line for line in found.lines}
    vote, exact = lines["full vote"], lines["contested"]
    assert vote.samples == VOTES
    assert exact.lost.estimate == 0, "its choice is that of all verdicts"
    assert 0 < exact.saved.estimate < 1
    assert exact.saved.estimate == pytest.approx(1 - exact.tokens / vote.tokens)
    assert found.curve[-1] == pytest.approx(vote.success.estimate)
    assert (found.foreseen >= found.curve - 1e-9).all()
    assert adapt(run, SLIGHTLY).rows() == found.rows()


def test_the_reach_is_tuned_on_the_other_half(run):
    kept = adapt(run, SLIGHTLY).tuned
    assert read_tuned(run.path / "adapt-verdicts.json").problems == kept.problems
    (choice,) = kept.policies
    assert choice.policy["type"] == "contested"
    assert (choice.before, choice.V, choice.success_others.problems) == ("contested", VOTES, 6)
    tried = {one.label: one for one in choice.candidates}
    assert {"contested", "contested(reach=0.5)"} <= set(tried)
    assert tried[choice.label].cost <= tried["contested"].cost
    assert tried[choice.label].success >= tried["contested"].success - SLIGHTLY.loss - 1e-9


@pytest.mark.parametrize(
    ("choose", "reach"), [("weighted_majority", 1.0), ("weighted_majority", 0.25), ("best_of_n", 1)]
)
def test_a_live_run_is_its_replay_in_the_pools_order(run, folder, choose, reach):
    """The same rule asks for the same verdicts of the same solutions, and gives the same answer."""
    sampler = (
        f"{{type: contested, votes: {VOTES}, choose: {choose}, reach: {reach}, draw: {DRAW},"
        f"critic: {JUDGE.replace('NUMBER', '1')}}}"
    )
    live = made(folder, f"live-{choose}-{reach}", sampler)
    roles = live.manifest().ledger["roles"].values()
    assert sum(used["paid_samples"] for used in roles) == 0, "all of it is in the pool's journal"
    bought = read_frame(live.verifications, "verifications")
    answers = read_frame(live.table("answers"), "answers").query("final").set_index("problem_id")
    solutions = read_frame(run.solutions, "solutions")
    verdicts = read_frame(run.verifications, "verifications")
    rule = Contention(VOTES, choose, reach)
    for name, own in solutions.groupby("problem_id", observed=True):
        mine = verdicts[verdicts["problem_id"] == name]
        scores = mine.pivot(index="solution_index", columns="verification_index", values="score")
        classes = own["answer_class"].to_numpy()
        order = Order.of(classes, own["correct"].to_numpy(), scores.to_numpy())
        choice, asked = order.stopped(rule)
        of_each = bought[bought["problem_id"] == name].groupby("solution_index").size()
        assert of_each.reindex(range(SOLUTIONS), fill_value=0).tolist() == asked.tolist()
        said = own.set_index("solution_index")["answer_class"][answers["solution_index"][name]]
        assert said == classes[order.classes == choice][0]


def test_the_command_writes_its_files(run, folder):
    words = ["adapt", str(run.path), "--verdicts", "best_of_n", "--orders", "4"]
    shown = CliRunner().invoke(app, [*words, "--out", str(folder / "out")])
    assert shown.exit_code == 0, shown.output
    said = " ".join(shown.output.split())
    assert "rules that stop the verdicts of genrm" in said
    assert "sampler: {type: contested, votes: 4, choose: best_of_n" in said
    rows = json.loads((folder / "out/adaptation-verdicts.json").read_text())
    table = read_frame(folder / "out/adaptation-verdicts.parquet", "adaptation")
    assert set(table["unit"]) == {"verdicts"} == {row["unit"] for row in rows}
    assert (folder / "out/adaptation-verdicts.png").is_file()


@pytest.mark.parametrize("verdicts", [None, "weighted_majority"])
def test_what_was_made_together_is_on_one_side_and_counts_once(run, verdicts):
    """The level is the cluster here, of which there are two: one is tuned on, and one is too few
    for an interval.
    """
    rules = None if verdicts else ("esc",)
    request = AdaptRequest(rules, verdicts=verdicts, orders=4, cluster="metadata.level")
    found = adapt(run, request)
    level = pd.Series({p.id: p.metadata["level"] for p in problems_of(run)})
    chosen = set(level[list(found.tuned.problems)])
    assert len(chosen) == 1
    assert found.clusters == 1
    assert not chosen & set(level.drop(list(found.tuned.problems)))
    assert np.isnan(found.lines[2].lost.low)
    assert found.tuned.settings["cluster"] == "metadata.level"


def problems_of(run):
    from ttc.store.rows import read_problems

    return read_problems(run.problems)


def test_what_can_not_be_adapted(run, folder):
    with pytest.raises(UsageError, match=r"--cluster metadata.lvel: .* did you mean 'level'"):
        adapt(run, AdaptRequest(rules=("esc",), cluster="metadata.lvel"))
    with pytest.raises(UsageError, match="neither --cluster nor --verdicts"):
        adapt(run, AdaptRequest(cluster="metadata.level", region=Region()))
    with pytest.raises(UsageError, match="--verdicts has one of its own"):
        adapt(run, AdaptRequest(rules=("esc",), verdicts="best_of_n"))
    with pytest.raises(DataError, match="no verifications"):
        adapt(made(folder, "bare", DRAW), SLIGHTLY)
    once = made(folder, "once", DRAW, f"verifiers: [{JUDGE.replace('NUMBER', '1')}]\n")
    with pytest.raises(DataError, match=r"judged each solution of .* once"):
        adapt(once, SLIGHTLY)
    shown = CliRunner().invoke(app, ["adapt", str(run.path), "--verdicts", "majority"])
    assert shown.exit_code != 0
    assert "expected weighted_majority or best_of_n" in " ".join(str(shown.output).split()) + str(
        shown.exception
    )
