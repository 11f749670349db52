"""`ttc simulate` from the shell, and what reads its runs."""

import inspect
import json
from pathlib import Path

import pytest
from processes import ttc

from ttc.analysis.simulate import SimulationConfig
from ttc.cli.simulate import command
from ttc.pipeline.simulating import Simulation, read_simulation
from ttc.store.run_folder import list_runs

SMALL = ("--problems", "6", "--solutions", "12", "--verifications", "3", "--to", "results/sim")


@pytest.mark.slow
def test_show_curves_and_fit_scaling_work_on_it(tmp_path: Path) -> None:
    done = ttc(tmp_path, "simulate", *SMALL, "--set", "cost.parameters=1e9", "--seed", "3")
    assert done.returncode == 0, done.stderr
    assert "planted truth: accuracy" in done.stdout
    (run,) = list_runs(tmp_path / "results")
    manifest = run.manifest()
    assert manifest.seed == 3
    assert manifest.recipe["simulate"]["verified_solutions"] == 12
    assert manifest.recipe["cost"]["parameters"] == 1e9
    truth = manifest.source["truth"]
    assert 0 < truth["accuracy"] < truth["pass_at_k"]["8"] < 1
    assert truth["lambda"] == 1
    shown = ttc(tmp_path, "show", "sim").stdout
    assert "planted truth" in shown
    assert "weighted_majority (simulated)" in shown
    found = json.loads(ttc(tmp_path, "curves", "sim", "--policy", "best_of_n", "--json").stdout)
    assert {row["V"] for row in found} == {1, 2}
    assert all(row["flops"] == pytest.approx(2e9 * row["tokens"]) for row in found)
    fitted = ttc(tmp_path, "fit-scaling", "sim", "--json", "--draws", "20")
    assert fitted.returncode == 0, fitted.stderr


def test_a_file_of_parameters_that_options_overrule(tmp_path: Path) -> None:
    file = tmp_path / "hard.yaml"
    file.write_text("problems: 5\nseed: 7\nsolution_tokens: {mean: 90, variation: 0}\n")
    found = read_simulation(file, ["problems=4", "cost.lambda=2"])
    assert (found.problems, found.seed, found.cost.ratio) == (4, 7, 2)
    assert found.solution_tokens.mean == 90
    done = ttc(tmp_path, "simulate", "hard.yaml", *SMALL)
    assert done.returncode == 0, done.stderr
    assert "solver: 72 samples, 6,480 tokens" in done.stdout


def test_every_parameter_has_an_option_that_says_its_default() -> None:
    options = {
        name: parameter.annotation
        for name, parameter in inspect.signature(command).parameters.items()
    }
    for name, field in SimulationConfig.model_fields.items():
        default = getattr(field.default, "mean", field.default)
        shown = "none" if default is None else f"({default:g}" if name != "errors_shared_by" else ""
        assert shown in options[name], name
    assert "seed" in options
    assert Simulation.model_fields.keys() - SimulationConfig.model_fields.keys() == {"seed", "cost"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--trap-rate", "3"], "trap_rate: must be at most 1, not 3"),
        (["--errors-shared-by", "x"], "must be 'solution' or 'answer', not 'x'"),
        (["--solve-alpha", "inf"], "solve_alpha: must be a finite number"),
        (["--problems", "1000000000000"], "do not fit into memory"),
        (["--set", "colour=1"], "colour: unknown key"),
        (
            ["--solutions", "4", "--verified-solutions", "5"],
            "--set: verified_solutions can't exceed",
        ),
        (["none.yaml"], "none.yaml: no such parameter file"),
        (["list.yaml"], "list.yaml: a parameter file is a mapping"),
        (["bad.yaml"], "bad.yaml:2: solvealpha: unknown key; did you mean 'solve_alpha'?"),
        (["--set", "cost.flops=detailed"], "give cost.card"),
    ],
)
def test_what_can_not_be_drawn_is_one_sentence(tmp_path: Path, words: list[str], said: str) -> None:
    (tmp_path / "list.yaml").write_text("- 1\n")
    (tmp_path / "bad.yaml").write_text("problems: 3\nsolvealpha: 3\n")
    done = ttc(tmp_path, "simulate", *words)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "results").exists()


def test_no_verifications_and_one_solution(tmp_path: Path) -> None:
    done = ttc(tmp_path, "simulate", "--solutions", "1", "--verifications", "0", "--problems", "2")
    assert done.returncode == 0, done.stderr
    assert "lambda" not in done.stdout
