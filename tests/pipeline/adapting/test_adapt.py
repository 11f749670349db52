"""`ttc adapt`: what is said of a pool, that tuning keeps to its half, and live runs agree."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from ttc.analysis.drawn import Drawn
from ttc.cli._app import app
from ttc.errors import DataError, UsageError
from ttc.pipeline.adapting.adapt import adapt
from ttc.pipeline.adapting.request import AdaptRequest, Region
from ttc.pipeline.run import run_recipe
from ttc.pipeline.tuning.file import read_tuned
from ttc.policies.adaptive_dirichlet import AdaptiveDirichlet
from ttc.recipe import parse_recipe
from ttc.store.tables import read_frame

RECIPE = """
name: NAME
dataset: {type: nano, family: arithmetic, levels: [1, 2, 3], problems: 12}
sampler: SAMPLER
policies: [first, majority, {type: esc, window: 3}]
results: RESULTS
"""
DRAW = "{type: independent, temperature: 1.0, max_tokens: 64, solutions: 10}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("adapting")


def made(folder, name, sampler, more=""):
    text = RECIPE.replace("NAME", name).replace("SAMPLER", sampler)
    return run_recipe(parse_recipe(text.replace("RESULTS", str(folder / "results")) + more)).run


@pytest.fixture(scope="module")
def run(folder):
    return made(folder, "pool", DRAW)


FEW = AdaptRequest(rules=("esc", "adaptive_consistency"), orders=8)


def test_what_is_said_of_a_pool(run):
    found = adapt(run, FEW)
    lines = {line.label: line for line in found.lines}
    assert set(lines) >= {"full vote", "clairvoyant stop", "esc(window=3)", "adaptive_consistency"}
    vote, stop = lines["full vote"], lines["clairvoyant stop"]
    assert (found.problems, len(found.tuned.problems), found.most) == (6, 6, 10)
    assert vote.samples == 10
    assert stop.success.estimate == vote.success.estimate
    assert stop.samples == pytest.approx(10 - vote.over)
    for line in found.lines[2:]:
        assert line.lost.estimate == pytest.approx(vote.success.estimate - line.success.estimate)
        assert line.saved.estimate == pytest.approx(1 - line.tokens / vote.tokens)
        assert line.samples <= 10
    assert found.curve[-1] == pytest.approx(vote.success.estimate)
    assert (found.foreseen >= found.curve - 1e-9).all()


def test_the_same_is_said_again(run):
    assert adapt(run, FEW).rows() == adapt(run, FEW).rows()


def test_what_is_reported_is_of_the_other_half(run):
    """The split stands in the file, and who names the file is kept off the problems tuned on."""
    found = adapt(run, FEW)
    kept = read_tuned(run.path / "adapt.json")
    assert kept.problems == found.tuned.problems
    choice = next(one for one in kept.policies if one.policy["type"] == "esc")
    assert choice.before == "esc(window=3)"
    assert {one.label for one in choice.candidates} >= {"esc", "esc(window=2)", "esc(window=8)"}
    assert choice.success_others.problems == 6
    best = min(choice.candidates, key=lambda one: one.cost)
    assert choice.label == best.label or choice.success_tuning.estimate >= best.success
    text = f"\npolicies: [{{type: esc, window: 3, tuned: {run.path / 'adapt.json'}}}]"
    recipe = RECIPE.split("policies")[0] + text.strip() + "\nresults: RESULTS\n"
    recipe = recipe.replace("NAME", "again").replace("SAMPLER", DRAW)
    recipe = recipe.replace("RESULTS", str(run.path.parents[1]))
    with pytest.raises(DataError, match="was tuned on 6 of the 12 problems"):
        run_recipe(parse_recipe(recipe))


def test_what_was_tuned_on_the_same_split_stays_in_the_file(run):
    def kept():
        return {one.before for one in read_tuned(run.path / "adapt.json").policies}

    adapt(run, FEW)
    assert not adapt(run, AdaptRequest(rules=("anytime",), orders=4)).replaced
    assert kept() == {"esc(window=3)", "adaptive_consistency", "anytime"}
    assert adapt(run, AdaptRequest(rules=("esc",), orders=4, seed=5)).replaced
    assert kept() == {"esc(window=3)"}


def test_a_region_is_calibrated_and_checked_on_the_others(run):
    region = Region(alpha=0.6, delta=0.3, window=3)
    found = adapt(run, AdaptRequest(rules=("esc",), orders=4, region=region, share=0.7))
    said = found.accepted
    assert said.label.startswith("selective(")
    assert said.tuning_inside >= 2
    assert said.inside <= said.problems == found.problems
    assert found.lines[-1].kind == "calibrated"
    none = adapt(run, AdaptRequest(rules=("esc",), orders=4, region=Region(0.01, 0.01, 3)))
    assert none.accepted.label == ""
    assert none.accepted.needed == 459


def test_what_can_not_be_adapted(run, folder):
    with pytest.raises(UsageError, match="--rule majority: no rule that stops"):
        adapt(run, AdaptRequest(rules=("majority",)))
    live = made(folder, "stopped", f"{{type: adaptive, rule: esc, draw: {DRAW}}}")
    with pytest.raises(DataError, match="is no pool"):
        adapt(live, AdaptRequest())


def test_a_live_run_is_its_replay_in_the_pools_order(run, folder):
    """The same rule stops after the same solution, with the same answer."""
    rule = AdaptiveDirichlet(sure=0.8)
    sampler = (
        f"{{type: adaptive, rule: {{type: adaptive_dirichlet, sure: 0.8}}, most: 10, draw: {DRAW}}}"
    )
    live = made(folder, "live", sampler)
    assert live.manifest().ledger["roles"]["solver"]["paid_samples"] == 0
    pool = read_frame(run.solutions, "solutions")
    answers = read_frame(live.table("answers"), "answers")
    stopped = read_frame(live.solutions, "solutions")
    for name, own in pool.groupby("problem_id", observed=True):
        classes = own["answer_class"].to_numpy()
        known = list(dict.fromkeys(c for c in classes.tolist() if c >= 0))
        classes = np.array([known.index(c) if c >= 0 else -1 for c in classes])
        n = len(classes)
        drawn = Drawn(classes, np.full(n, np.nan), np.zeros(n, int))
        used, choice = rule.used(drawn), rule.picks(drawn, ())
        mine = stopped[stopped["problem_id"] == name]
        assert len(mine) == used
        final = answers[(answers["problem_id"] == name) & answers["final"]]
        said = mine.set_index("solution_index")["answer"][int(final["solution_index"].iloc[0])]
        assert said == own["answer"].iloc[drawn.first(choice)]


def test_the_command_writes_its_files(run, folder):
    called = [
        "adapt",
        str(run.path),
        "--rule",
        "esc",
        "--orders",
        "4",
        "--out",
        str(folder / "out"),
    ]
    shown = CliRunner().invoke(app, called)
    assert shown.exit_code == 0, shown.output
    assert "clairvoyant stop" in shown.output
    rows = json.loads((folder / "out/adaptation.json").read_text())
    table = read_frame(folder / "out/adaptation.parquet", "adaptation")
    assert [row["rule"] for row in rows] == table["rule"].tolist()
    assert {f"adaptation.{e}" for e in ("parquet", "json", "md", "png", "svg")} <= {
        path.name for path in (folder / "out").iterdir()
    }
