"""`ttc tune`: the split, the choice, and that no report is made of what was tuned on."""

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from ttc.analysis.simulate import SimulationConfig
from ttc.cli._app import app
from ttc.core import Problem
from ttc.errors import DataError, UsageError
from ttc.pipeline.curve_query import CurveRequest, answer
from ttc.pipeline.evaluate import Evaluation, evaluate_run, write_curves
from ttc.pipeline.tuning.candidates import candidates, parse_grid
from ttc.pipeline.tuning.file import digest, read_tuned
from ttc.pipeline.tuning.request import TuneRequest
from ttc.pipeline.tuning.split import tuning_split
from ttc.pipeline.tuning.tune import tune
from ttc.policies.pessimistic import Pessimistic
from ttc.policies.softmax_majority import SoftmaxMajority
from ttc.policies.threshold import Threshold
from ttc.store.rows import read_problems
from ttc.store.run_folder import find_run
from ttc.store.simulated import simulate_run

CONFIG = SimulationConfig(problems=40, solutions=12, verified_solutions=12, verifications=3)
GRID = {"alpha": [0, 1, 4]}


@pytest.fixture
def run(tmp_path):
    return simulate_run(CONFIG, 1, tmp_path / "results" / "sim")


@pytest.fixture
def command(tmp_path, monkeypatch):
    """command(*words) is a finished command."""
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    return lambda *words: runner.invoke(app, words, catch_exceptions=False, env={"COLUMNS": "200"})


def levelled(levels):
    return [Problem(f"p{i}", "?", "1", metadata={"level": x}) for i, x in enumerate(levels)]


@given(st.lists(st.integers(0, 3), min_size=4, max_size=40), st.data())
def test_the_split_takes_of_each_level_its_share(levels, data):
    number = data.draw(st.integers(2, len(levels) - 2))
    problems = levelled(levels)
    chosen = tuning_split(problems, number, seed=5)
    assert len(chosen) == number
    taken = Counter(p.metadata["level"] for p in problems if p.id in chosen)
    for level, count in Counter(levels).items():
        assert abs(taken[level] - count * number / len(levels)) < 1
    assert chosen == tuning_split(problems, number, seed=5)


def test_another_seed_draws_another_split():
    problems = levelled([1] * 40)
    assert tuning_split(problems, 20, 1) != tuning_split(problems, 20, 2)
    with pytest.raises(UsageError, match="39 problems to tune on leave 1 of 40"):
        tuning_split(problems, 39, 1)


def test_candidates_are_all_combinations_with_the_policy_as_it_was_first():
    made = candidates(SoftmaxMajority(), {"temperature": [1, 0.5], "by": ["scores", "raw"]})
    assert [one.label for one in made] == [
        "softmax_majority",
        "softmax_majority(by=raw)",
        "softmax_majority(temperature=0.5)",
        "softmax_majority(by=raw temperature=0.5)",
    ]
    assert parse_grid(["alpha=0,0.5", "by=raw", "answers=null"]) == {
        "alpha": [0, 0.5],
        "by": ["raw"],
        "answers": [None],
    }
    with pytest.raises(UsageError, match="too many"):
        candidates(Pessimistic(), {"alpha": range(300)})


def test_the_choice_is_the_best_on_the_tuning_problems_and_the_report_is_on_the_others(run):
    tuned, replaced = tune(run, TuneRequest(policies=("pessimistic",), grid=GRID, problems=12))
    assert not replaced
    assert read_tuned(run.path).model_dump() == tuned.model_dump()
    problems = read_problems(run.problems)
    assert tuned.problems == {p.id: digest(p) for p in problems if p.id in tuned.problems}
    assert (len(tuned.problems), tuned.others) == (12, 28)
    (choice,) = tuned.policies
    manifest = run.manifest()
    tried = tuple(Pessimistic(alpha=alpha) for alpha in (0.5, 0, 1, 4))
    sides = {}
    for name, ids in (("tuning", set(tuned.problems)), ("others", others(tuned, problems))):
        wanted = Evaluation(
            policies=tried, solutions=(8,), verifications=(2,), seed=1, only=frozenset(ids)
        )
        rows = evaluate_run(run, manifest, wanted).rows
        sides[name] = {row["policy"]: row for row in rows}
        assert {row["n_problems"] for row in rows} == {len(ids)}
    success = {one.label: one.success for one in choice.candidates}
    assert success == {label: row["success"] for label, row in sides["tuning"].items()}
    assert success[choice.label] == max(success.values())
    assert (choice.S, choice.V) == (8, 2)  # the most of the grid of powers of two
    reported = sides["others"][choice.label]
    assert choice.success_others.estimate == reported["success"]
    assert (choice.success_others.low, choice.success_others.high) == (
        reported["ci_low"],
        reported["ci_high"],
    )
    gained = reported["success"] - sides["others"]["pessimistic"]["success"]
    assert choice.gain_others.estimate == pytest.approx(gained)
    gap = choice.gain_tuning.estimate - choice.gain_others.estimate
    assert choice.optimism == pytest.approx(gap)


def others(tuned, problems):
    return {p.id for p in problems} - set(tuned.problems)


def test_within_a_budget_sizes_are_chosen_too(run):
    request = TuneRequest(policies=("pessimistic",), grid=GRID, budget=20.0, unit="c")
    (choice,) = tune(run, request)[0].policies
    assert all(one.cost <= 20.0 for one in choice.candidates)
    assert choice.S * (1 + choice.V) <= 24  # lambda is about 1
    with pytest.raises(UsageError, match=r"no S and V cost at most 0\.5 c"):
        tune(run, TuneRequest(policies=("pessimistic",), grid=GRID, budget=0.5, unit="c"))


@pytest.mark.slow
def test_curves_of_what_was_tuned_are_about_the_other_problems(run, command):
    tuned, _ = tune(run, TuneRequest(policies=("borda",), grid={"power": [3, 4]}, problems=10))
    (choice,) = tuned.policies
    said = answer(run, CurveRequest(solutions=(8,), tuned=run.path))
    assert {row["n_problems"] for row in said.rows} == {30}
    assert said.manifest.choices.tuning == "held_out"
    assert said.manifest.evaluation["tuning"]["problems"] == sorted(tuned.problems)
    (row,) = [r for r in said.rows if r["policy"] == choice.label and r["V"] == 2]
    assert row["success"] == pytest.approx(choice.success_others.estimate)
    shown = command("curves", "sim", "--tuned", "--policy", choice.label, "--json")
    assert {r["n_problems"] for r in json.loads(shown.stdout)} == {30}
    assert (
        "10 were tuned on and are never reported on" in command("curves", "sim", "--tuned").stdout
    )


@pytest.mark.slow
def test_what_is_tuned_on_the_same_problems_stays_and_another_split_replaces_all(run):
    tune(run, TuneRequest(policies=("pessimistic",), grid=GRID))
    tuned, replaced = tune(run, TuneRequest(policies=("borda",), grid={"power": [2]}, solutions=4))
    assert not replaced
    assert [one.before for one in tuned.policies] == ["pessimistic", "borda"]
    tuned, replaced = tune(
        run, TuneRequest(policies=("borda",), grid={"power": [2]}, solutions=4, seed=9)
    )
    assert replaced
    assert [one.before for one in tuned.policies] == ["borda"]


def evaluated(run, policy, **more):
    return evaluate_run(run, run.manifest(), Evaluation(policies=(policy,), **more))


def test_a_report_on_tuning_problems_is_refused(run, tmp_path):
    """By name of the file and with the mend, in this run and in others of the same problems."""
    tune(run, TuneRequest(policies=("pessimistic",), grid=GRID, problems=15))
    file = str(run.path / "tuned.json")
    policy = Pessimistic(alpha=1, tuned=file)
    says = r"pessimistic\(alpha=1\) was tuned on 15 of the 40 problems of .*tuned.json\), so a"
    with pytest.raises(DataError, match=says) as refusal:
        evaluated(run, policy)
    assert "grid: {tuning_problems: left_out}" in str(refusal.value)
    assert "ttc curves RUN --tuned" in str(refusal.value)
    other = simulate_run(CONFIG, 1, tmp_path / "again")
    with pytest.raises(DataError, match="was tuned on 15 of the 40"):
        evaluated(other, policy)
    found = evaluated(other, policy, tuning_problems="left_out")
    assert {row["n_problems"] for row in found.rows} == {25}
    assert found.facts["tuning"]["files"] == [file]
    with pytest.raises(DataError, match="was tuned on 15 of the 40"):
        evaluated(other, Threshold(policy=policy))


def test_other_problems_of_the_same_names_are_not_refused(run, tmp_path):
    tune(run, TuneRequest(policies=("pessimistic",), grid=GRID))
    policy = Pessimistic(alpha=1, tuned=str(run.path))
    changed = json.loads((run.path / "tuned.json").read_text())
    changed["problems"] = dict.fromkeys(changed["problems"], "0" * 16)
    (run.path / "tuned.json").write_text(json.dumps(changed))
    assert {row["n_problems"] for row in evaluated(run, policy).rows} == {40}


def test_where_all_was_tuned_on_nothing_is_left_to_report(run):
    tune(run, TuneRequest(policies=("pessimistic",), grid=GRID))
    whole = json.loads((run.path / "tuned.json").read_text())
    whole["problems"] = {p.id: digest(p) for p in read_problems(run.problems)}
    (run.path / "tuned.json").write_text(json.dumps(whole))
    policy = Pessimistic(alpha=1, tuned=str(run.path / "tuned.json"))
    with pytest.raises(DataError, match=r"all 40 problems of .* were tuned on"):
        evaluated(run, policy, tuning_problems="left_out")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "there is no .*tuned.json; ttc tune RUN makes"),
        ("{", "tuned.json is damaged: not JSON"),
        ("{}", "tuned.json was not written by ttc tune"),
        ('{"kind": "ttc tuned", "format": 2}', "has format 2; this ttc reads 1"),
        ('{"kind": "ttc tuned", "format": 1}', "is damaged: run: field required"),
    ],
)
def test_files_that_are_none_are_told(tmp_path, text, says):
    if text is not None:
        (tmp_path / "tuned.json").write_text(text)
    with pytest.raises(DataError, match=says):
        read_tuned(tmp_path / "tuned.json")


def test_from_the_shell(run, command):
    words = ("tune", "sim", "--policy", "pessimistic", "--grid", "alpha=0,4", "--share", "0.5")
    done = command(*words)
    assert done.exit_code == 0, done.output
    said = " ".join(done.stdout.split())
    assert "tuned on 20 problems drawn by seed 1; 20 other problems to report on" in said
    assert "pessimistic(alpha=4)" in said
    assert "ttc curves sim --tuned" in said
    again = command(*words, "--json")
    assert json.loads(again.stdout)["kind"] == "ttc tuned"
    for words, says in (
        (("--policy", "majority"), "nothing to tune of majority"),
        (("--grid", "alhpa=1"), "did you mean 'alpha'"),
        (("--grid", "alpha"), "expected FIELD=VALUE,VALUE"),
        (("--policy", "pessimistic", "--grid", "alpha=-1"), "greater than or equal to 0"),
        (("--policy", "pessimistic", "--solutions", "99"), "some problem has only 12"),
        (("--policy", "pivot", "--grid", "pivots=1,2"), "gives what pivot reads"),
        (("--weights", "logistic"), "nothing to weigh"),
    ):
        done = CliRunner().invoke(app, ["tune", "sim", *words])
        assert done.exit_code != 0
        assert says in " ".join(str(done.exception or done.output).split()) + done.output


def test_a_stored_table_is_left_alone(run):
    write_curves(None, run, run.manifest())
    tune(run, TuneRequest(policies=("pessimistic",), grid=GRID))
    said = answer(run, CurveRequest())
    assert not said.recomputed
    assert answer(find_run(run.path), CurveRequest(tuned=run.path)).recomputed
