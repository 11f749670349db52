"""A policy of one `choose` works in every command; parameters reach every figure."""

import json
from itertools import combinations, permutations, product
from typing import ClassVar, Literal

import numpy as np
import pytest
from typer.testing import CliRunner

from ttc import nano
from ttc.analysis.drawn import Drawn
from ttc.cli._app import app
from ttc.errors import PluginError, RecipeError
from ttc.pipeline.evaluate import Evaluation
from ttc.policies import PolicyPart
from ttc.policies.pessimistic import Pessimistic
from ttc.recipe import parse_recipe
from ttc.store.manifest import Manifest
from ttc.store.pool import load_pool
from ttc.store.rows import read_problems
from ttc.store.run_folder import find_run
from ttc.store.tables import read_frame

pytestmark = pytest.mark.skipif("nano-verifier" not in nano.models(), reason="no nano-verifier")
RECIPE = """
name: own
dataset: {type: nano, family: arithmetic, levels: [3], problems: 4}
backend: {type: nano, model: nano-solver}
sampler: {type: independent, solutions: 8, temperature: 1.0, max_tokens: 96}
verifiers:
  - {type: genrm, backend: {type: nano, model: nano-verifier}, prompt: nano-genrm, solutions: 4,
     verifications: 2, max_tokens: 160}
policies: [first, majority, second_best, {type: rarest, name: odd}, pessimistic,
           {type: pessimistic, alpha: 2}]
"""


class SecondBest(PolicyPart):
    """The answer of the solution with the second best score."""

    reads: ClassVar[frozenset[str]] = frozenset({"scores"})
    type: Literal["second_best"] = "second_best"

    def choose(self, drawn: Drawn) -> int:
        order = np.argsort(-drawn.scores, kind="stable")
        return int(drawn.classes[order[min(1, len(order) - 1)]])


class Rarest(PolicyPart):
    """The valid answer that fewest gave; reads no verification."""

    type: Literal["rarest"] = "rarest"

    def choose(self, drawn: Drawn) -> int:
        classes = drawn.classes[drawn.classes >= 0]
        votes = np.bincount(classes)
        return int(np.argmin(np.where(votes > 0, votes, 99))) if len(classes) else -1


@pytest.fixture
def command(own_parts, tmp_path, monkeypatch):
    """command(*words) is what a command prints."""
    own_parts(SecondBest, Rarest)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.yaml").write_text(RECIPE)

    def run(*words):
        done = CliRunner().invoke(app, words, catch_exceptions=False, env={"COLUMNS": "200"})
        assert done.exit_code == 0, done.output
        return done.stdout

    return run


def right_classes(pool, problem):
    return set(pool.answer_class[problem][pool.correct[problem]].tolist())


def enumerated(pool, problem, s, v):
    """Success of `second_best` over all orders of S of the verified and all subsets of V."""
    found = []
    for row in permutations(range(int(pool.n_verified[problem])), s):
        depths = [range(int(pool.verification_count[problem, i])) for i in row]
        for picks in product(*(list(combinations(d, min(v, len(d)))) for d in depths)):
            scores = [score(pool, problem, i, pick) for i, pick in zip(row, picks, strict=True)]
            classes = pool.answer_class[problem, list(row)]
            choice = SecondBest().choose(Drawn(classes, np.array(scores), np.full(s, v)))
            found.append(choice in right_classes(pool, problem))
    return np.mean(found)


def score(pool, problem, solution, picks):
    if pool.answer_class[problem, solution] < 0:
        return 0.0
    valid = [x for x in pool.scores[problem, solution, list(picks)] if not np.isnan(x)]
    return float(np.mean(valid)) if valid else 0.0


@pytest.mark.slow
def test_in_every_command(command, tmp_path):
    shown = command("run", "own.yaml", "--plain")
    assert "second_best (genrm)" in shown
    run = find_run("own", tmp_path / "results")
    curves = read_frame(run.curves, "curves")
    labels = ["first", "majority", "second_best", "odd", "pessimistic", "pessimistic(alpha=2)"]
    assert set(curves["policy"]) == set(labels)
    pool = load_pool(run).arrays
    own = curves[curves["policy"] == "second_best"].set_index(["S", "V"])
    assert len(own) == 6
    for (s, v), row in own.iterrows():
        truth = np.mean([enumerated(pool, i, s, v) for i in range(pool.n_problems)])
        if s == 1:  # over all solutions, not only those that are verified
            truth = np.mean([enumerated(pool, i, 1, v) for i in range(pool.n_problems)])
            truth += pool.correct.mean() - pool.correct[:, :4].mean()
        assert abs(row["success"] - truth) < 4 * row["mc_standard_error"] + 1e-9
        if (s, v) == (1, 2):
            assert row["estimator"] == "exact"
    words = ["--policy", "second_best", "--k", "3", "--verifications", "1", "--json"]
    (row,) = json.loads(command("curves", "own", *words))
    truth = np.mean([enumerated(pool, i, 3, 1) for i in range(pool.n_problems)])
    assert abs(row["success"] - truth) < 4 * row["mc_standard_error"] + 1e-9
    assert "second_best (genrm)" in command("fit-scaling", "own", "--draws", "20")
    found = json.loads(command("recommend", "own", "--unit", "c", "--budget", "12", "--json"))[0]
    methods = {one["policy"] for one in [found["best"], *found["rivals"]]}
    assert methods == set(labels)
    for problem in read_problems(run.problems):
        text = " ".join(command("show", "own", "--problem", problem.id).split())
        assert "second_best " in text.partition("chosen of all 8:")[2]


@pytest.mark.slow
def test_two_alphas_are_two_policies_in_table_and_show(command, tmp_path, own_parts):
    command("run", "own.yaml", "--plain")
    run = find_run("own", tmp_path / "results")
    mild, bold = (
        json.loads(command("curves", "own", "--policy", p, "--k", "4", "--json"))
        for p in ("pessimistic", "pessimistic(alpha=2)")
    )
    assert [row["V"] for row in mild] == [row["V"] for row in bold] == [1, 2]
    pool = load_pool(run).arrays
    for i, problem in enumerate(pool.problem_ids):
        text = " ".join(command("show", "own", "--problem", problem).split())
        for label, alpha in (("pessimistic", 0.5), ("pessimistic(alpha=2)", 2.0)):
            said = text.partition(f"{label} ")[2]
            scores = [score(pool, i, j, range(2)) for j in range(4)]
            drawn = Drawn(pool.answer_class[i, :4], np.array(scores), np.full(4, 2))
            chosen = Pessimistic(alpha=alpha).choose(drawn)
            word = "right" if chosen in right_classes(pool, i) else "wrong"
            assert said.startswith("nothing") == (chosen < 0)
            assert chosen < 0 or said.partition("(")[2].startswith(word)


def test_a_policy_whose_plug_in_is_gone_is_named_and_the_others_stay(command, tmp_path):
    command("run", "own.yaml", "--plain")
    run = find_run("own", tmp_path / "results")
    text = run.manifest_path.read_text().replace("second_best", "no_more")
    run.manifest_path.write_text(text)
    done = CliRunner().invoke(app, ["curves", "own", "--k", "3", "--json"])
    assert done.exit_code == 0
    assert {row["policy"] for row in json.loads(done.stdout)} >= {"majority", "odd"}
    assert "the run's policy 'no_more' is left out (is its plug-in installed?)" in done.stderr
    kept = {row["policy"] for row in json.loads(command("curves", "own", "--json"))}
    assert kept == set(read_frame(run.curves, "curves")["policy"])  # what it did is in the table


def test_manifests_of_0_1_0_name_types_only():
    old = Manifest(recipe_name="r", run_id="s0-1", recipe={"policies": [{"type": "pessimistic"}]})
    (policy,) = Evaluation.of_manifest(old).policies
    assert policy == Pessimistic(alpha=0.5)


def test_labels_say_what_differs_from_the_defaults():
    assert Pessimistic().label == Pessimistic(alpha=0.5).label == "pessimistic"
    assert Pessimistic(alpha=2.0).label == "pessimistic(alpha=2)"
    assert Pessimistic(alpha=2.0, name="bold").label == "bold"


class Liar(PolicyPart):
    """Chooses what nobody said."""

    type: Literal["liar"] = "liar"

    def choose(self, drawn: Drawn) -> int:
        return 99


class Broken(PolicyPart):
    """Fails."""

    type: Literal["broken"] = "broken"

    def choose(self, drawn: Drawn) -> int:
        return int(drawn.classes[7])


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        ("liar", r"policies\[0\]: the plug-in .*Liar\) chose 99, which is no answer class"),
        ("broken", r"policies\[0\]: .*Broken\) can't choose of three solutions: IndexError"),
        ("{type: pessimistic, name: majority}", "is what another policy is called"),
        ("{type: pessimistic, alpha: -1}", "alpha"),
    ],
)
def test_what_can_not_work_is_told_before_anything_is_bought(own_parts, policy, says):
    own_parts(Liar, Broken)
    judge = "verifiers: [{type: genrm, prompt: nano-genrm}]"
    with pytest.raises(RecipeError, match=says):
        parse_recipe(f"name: x\ndataset: nano\n{judge}\npolicies: [{policy}]")


def test_a_choice_of_nothing_that_was_drawn_is_no_number():
    with pytest.raises(PluginError, match=r"Liar.* chose 99, which is no answer class"):
        Liar().checked(Drawn(np.array([0, 1]), np.full(2, np.nan), np.zeros(2, int)))
