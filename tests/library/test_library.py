"""`import ttc`: what it loads, what it gives, what it says."""

import asyncio
import doctest
import inspect
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ttc
import ttc.library
from ttc.analysis.simulate import SimulationConfig
from ttc.recipe import load_recipe, run_id
from ttc.store.columns import TABLES
from ttc.store.simulated import simulate_run

SMALL = {"dataset.problems": 8, "sampler.solutions": 4, "verifiers.0.verifications": 2}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("library")
    ttc.run("quickstart", SMALL, results=place / "results")
    return place


@pytest.fixture
def here(folder, monkeypatch):
    monkeypatch.chdir(folder)
    return folder


def fresh(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_import_loads_nothing():
    heavy = {"numpy", "pandas", "pyarrow", "pydantic", "matplotlib", "rich", "yaml", "scipy"}
    code = "import sys, ttc; dir(ttc), ttc.__version__; print(*sys.modules)"
    loaded = set(fresh(code).split())
    assert not loaded & heavy
    assert {name for name in loaded if name.startswith("ttc")} == {"ttc"}


def test_names_are_the_same_at_run_time_and_for_type_checkers():
    stub = Path(ttc.__file__).with_suffix(".pyi").read_text()
    for name in ttc.__all__:
        assert f"as {name}" in stub or f"{name}:" in stub
        assert getattr(ttc, name) is not None
    assert set(ttc.library.__all__) <= set(ttc.__all__) <= set(dir(ttc))
    assert Path(ttc.__file__).with_name("py.typed").is_file()
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        _ = ttc.lode


@pytest.mark.slow
def test_the_docstrings_examples_say_what_they_say(here):
    finder, runner = doctest.DocTestFinder(), doctest.DocTestRunner()
    tried = 0
    for name in ttc.library.__all__:
        for one in finder.find(getattr(ttc, name), name, globs={"ttc": ttc}):
            tried += len(one.examples)
            runner.run(one)
    assert tried > 12
    assert runner.summarize(verbose=False).failed == 0


@pytest.mark.slow
def test_the_packages_own_example_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = [line for line in inspect.getdoc(ttc).splitlines() if line.startswith("    ")]
    exec(textwrap.dedent("\n".join(code)), {})
    assert len(ttc.runs()) == 1


def test_tables_are_those_on_disk_read_once(folder):
    run = ttc.load("quickstart", folder / "results")
    assert run.solutions is run.solutions
    assert len(run.problems) == 8
    assert len(run.solutions) == 32
    assert len(run.verifications) == 64
    assert len(run.samples) == 96
    assert set(run.curves["policy"]) >= {"majority", "best_of_n"}
    assert run.answers.empty
    assert list(run.answers.columns) == [column.name for column in TABLES["answers"]]
    expected = run.solutions.groupby("problem_id", observed=True)["correct"].mean().mean()
    (one,) = run.success("pass@k", 1)["success"]
    assert one == pytest.approx(expected)


def test_what_other_runs_have_none_of_is_an_empty_frame(tmp_path):
    config = SimulationConfig(problems=4, solutions=3, verifications=0)
    simulate_run(config, 0, tmp_path / "sim")
    run = ttc.load(tmp_path / "sim")
    assert isinstance(run.verifications, pd.DataFrame)
    assert run.verifications.empty
    assert "score" in run.verifications
    assert {"majority"} <= set(run.curves["policy"]), "no table of curves: they are computed"


def test_a_recipe_as_file_name_mapping_and_itself_is_the_same_run(tmp_path):
    changes = {**SMALL, "results": str(tmp_path)}
    texts = [f"{key}={value}" for key, value in changes.items()]
    recipe = load_recipe("quickstart", texts)
    file = tmp_path / "mine.yaml"
    file.write_text(load_recipe_text("quickstart"))
    plain = {**recipe.model_dump(mode="json", by_alias=True), "results": "elsewhere"}
    made = [
        ttc.run("quickstart", changes),
        ttc.run(file, [*texts, "name=quickstart"]),
        ttc.run(recipe),
        ttc.run(plain, {"results": tmp_path}),
        ttc.run(recipe, {"sampler.solutions": np.int64(4)}),
    ]
    assert {run.path for run in made} == {tmp_path / "quickstart" / run_id(recipe)}


def load_recipe_text(name):
    from ttc.recipe import find_recipe

    return find_recipe(name).read_text(encoding="utf-8")


def test_a_mapping_may_hold_any_text():
    from ttc.recipe.load import recipe_of

    odd = 'no: "1e7" # \U0001f600 \u2028 {'
    recipe = recipe_of({"dataset": "nano", "description": odd, "sampler": {"type": "independent"}})
    assert recipe.description == odd


@pytest.mark.parametrize(
    ("recipe", "overrides", "said"),
    [
        ("no_such", (), "no such recipe file"),
        ("quickstart", {"sampler.temprature": 1}, "did you mean 'temperature'?"),
        ({"dataset": "nano", "sampler": {"type": "independnt"}}, (), "sampler"),
        ({"dataset": "nano", "seed": object()}, (), "nothing that a recipe can hold"),
        ({"dataset": "nano", "policies": []}, (), "recipe: policies"),
    ],
)
def test_what_is_wrong_is_one_of_our_errors(tmp_path, recipe, overrides, said):
    with pytest.raises(ttc.TtcError, match=said.replace("?", r"\?")):
        ttc.run(recipe, overrides, results=tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_circle_and_a_lone_text_are_refused(tmp_path):
    circle: dict = {"dataset": "nano"}
    circle["x-me"] = circle
    with pytest.raises(ttc.TtcError, match="recipe"):
        ttc.run(circle, results=tmp_path)
    with pytest.raises(TypeError, match="mapping"):
        ttc.run("quickstart", "seed=1", results=tmp_path)


def test_no_run_names_near_ones(folder):
    with pytest.raises(ttc.TtcError, match="did you mean quickstart"):
        ttc.load("quikstart", folder / "results")


def test_in_a_notebook_where_a_loop_runs_already(tmp_path):
    async def cell():
        return ttc.run("quickstart", SMALL, results=tmp_path)

    assert asyncio.run(cell()).status == "complete"

    async def wrong():
        return ttc.run("quickstart", {"seed": -1}, results=tmp_path)

    with pytest.raises(ttc.TtcError, match="seed"):
        asyncio.run(wrong())


def test_budgets_hold_and_nothing_is_printed(tmp_path, capfd):
    limit = {**SMALL, "budget.per_run.tokens": 1500, "budget.per_problem": {}}
    run = ttc.run("quickstart", limit, results=tmp_path)
    assert run.status == "budget"
    used = run.samples[["prompt_tokens", "completion_tokens"]].sum().sum()
    assert 0 < used - run.samples["cached_tokens"].sum() <= 1500
    assert capfd.readouterr().out == ""


@pytest.mark.slow
def test_fit_figure_and_comparison(folder):
    run = ttc.load("quickstart", folder / "results")
    fit = run.fit("best_of_n", draws=20, budgets=[300.0])
    assert set(fit.table["policy"]) == {"best_of_n", "oracle"}
    assert {"voting", "grid"} <= set(fit.allocation["procedure"])
    assert fit.as_dict()["methods"][0]["at_budgets"][0]["budget"] == 300.0
    assert fit.figure("surface")._repr_png_().startswith(b"\x89PNG")
    with pytest.raises(ttc.TtcError, match="success, surface"):
        fit.figure("surfaces")
    with pytest.raises(ttc.TtcError, match="no unit 'euro'"):
        run.figure(unit="euro")
    assert run.figure(["majority"])._repr_png_().startswith(b"\x89PNG")
    assert not (run.path / "fit.json").exists()
    found = ttc.compare(run, budgets=[300], results=folder / "results")
    assert found.table["success"].between(0, 1).all()
    for shown in (run, fit, found):
        assert shown._repr_html_().startswith("<div")
        assert repr(shown).startswith("<ttc.")


@pytest.fixture(scope="module")
def two_worlds(tmp_path_factory):
    """A weak pool and a strong one of the same 60 problems."""
    root = tmp_path_factory.mktemp("worlds")
    weak = SimulationConfig(problems=60, solutions=6, verified_solutions=0, verifications=0)
    strong = weak.model_copy(update={"solve_alpha": 8.0})
    worlds = {"weak": weak, "strong": strong}
    return [ttc.load(simulate_run(w, 1, root / name).path) for name, w in worlds.items()]


def test_a_comparison_says_its_verdicts_and_draws_itself(two_worlds):
    found = ttc.compare(*two_worlds)
    assert "60 problems. Within " in repr(found)
    assert "better than solve_alpha=0.8: solve_alpha=8 (+" in repr(found)
    assert found.outcome is None
    left, right = found.figure().axes
    assert left.get_ylabel() == "success, %"
    assert len(right.lines) >= 2
    assert found.figure("comparison")._repr_png_().startswith(b"\x89PNG")
    with pytest.raises(ttc.TtcError, match="no figure 'surface' of this comparison"):
        found.figure("surface")


def test_figures_of_a_comparison_at_equal_samples_are_differences(two_worlds):
    found = ttc.compare(*two_worlds, samples=[4], baseline="solve_alpha=0.8@1")
    assert "At S = 4" in repr(found)
    assert found.figure() is not None


@pytest.mark.parametrize(
    ("gate", "wanted"),
    [
        ("solve_alpha=8 not worse than solve_alpha=0.8 by 1 point at 4 samples", "pass"),
        ("solve_alpha=0.8 better than solve_alpha=8 at 4 samples", "fail"),
        (["solve_alpha=8 better than solve_alpha=0.8 at 1 sample",
          "solve_alpha=0.8 not worse than solve_alpha=8 by 5 points at 4 samples"], "fail"),
    ],
)  # fmt: skip
def test_gates_from_python(two_worlds, gate, wanted):
    found = ttc.compare(*two_worlds, gate=gate)
    assert found.outcome == wanted
    assert f"gate {wanted}: " in repr(found)
    assert f"gate {wanted}: " in found._repr_html_()


def test_a_gate_that_cannot_be_read_is_told(two_worlds):
    with pytest.raises(ttc.TtcError, match="not worse than"):
        ttc.compare(*two_worlds, gate="as good as solve_alpha=8")


def test_what_a_notebook_shows_obeys_no_text(tmp_path):
    config = SimulationConfig(problems=4, solutions=3, verified_solutions=3, verifications=2)
    run = simulate_run(config, 0, tmp_path / "x<img src=x onerror=alert(1)>")
    manifest = run.manifest()
    manifest.recipe["policies"] = [
        {"type": "majority", "name": "<script>alert(1)</script>\u202e"},
        {"type": "best_of_n", "name": "$\\href{x}{y}$"},
    ]
    manifest.write(run.manifest_path)
    from ttc.pipeline.evaluate import write_curves

    write_curves(None, run, manifest)
    loaded = ttc.load(run.path)
    pages = [
        loaded._repr_html_(),
        loaded.fit(draws=20)._repr_html_(),
        ttc.compare(loaded)._repr_html_(),
    ]
    for page in pages:
        assert "<script" not in page
        assert "<img" not in page
        assert "\u202e" not in page
        assert "mathjax_ignore" in page
    assert "&lt;script&gt;" in pages[0]
