"""`ttc fit-scaling` and `ttc recommend` from the shell."""

import json
import xml.etree.ElementTree as ET

import pytest
from processes import ttc

from ttc.analysis.simulate import SimulationConfig
from ttc.store.simulated import simulate_run

CONFIG = SimulationConfig(problems=12, solutions=16, verified_solutions=16, verifications=8)
OUTPUT = ("fit.json", "fits.parquet", "allocation.parquet")
FIGURES = ("success", "surface", "allocation", "coverage")


@pytest.fixture
def run(tmp_path):
    return simulate_run(CONFIG, 1, tmp_path / "results" / "sim")


@pytest.mark.slow
def test_tables_figures_and_words(run, tmp_path):
    done = ttc(tmp_path, "fit-scaling", "sim", "--draws", "20", "--policy", "best_of_n")
    assert done.returncode == 0, done.stderr
    for words in (
        "verification is ahead from",
        "the same in C",
        "compute to match voting",
        "S ~ C^a",
        "out of bag",
    ):
        assert words in done.stdout
    assert all((run.path / name).is_file() for name in OUTPUT)
    for name in FIGURES:
        assert (run.path / "figures" / f"{name}.png").stat().st_size > 10_000
        assert ET.parse(run.path / "figures" / f"{name}.svg").getroot().tag.endswith("svg")
    figures = json.loads((run.path / "fit.json").read_text())
    assert figures["level"] == 0.95
    assert "law_a" in figures["methods"][0]["figures"]


@pytest.mark.slow
def test_several_runs_need_a_place_for_what_they_make(run, tmp_path):
    simulate_run(CONFIG, 1, tmp_path / "results" / "twin")
    words = ("fit-scaling", "sim", "twin", "--draws", "20", "--policy", "best_of_n")
    done = ttc(tmp_path, *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert "--out FOLDER" in done.stderr
    done = ttc(tmp_path, *words, "--out", "both", "--json")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["methods"]) == 2
    assert (tmp_path / "both" / "figures" / "success.png").is_file()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("fit-scaling", "nothing"), 1, "no run 'nothing'"),
        (("fit-scaling", "sim", "--policy", "majority"), 2, "reads no verifications"),
        (("fit-scaling", "sim", "--unit", "euro"), 2, "--unit euro: choose of"),
        (("fit-scaling", "sim", "--unit", "usd"), 1, "no costs in usd"),
        (("fit-scaling", "sim", "--verifier", "nobody"), 1, "no verifier 'nobody'"),
        (("fit-scaling", "sim", "--set", "cost.paramters=3"), 2, "parameters"),
        (("recommend", "sim", "--budget", "0.1"), 1, "buys no solution"),
        (("recommend", "sim", "--budget", "-3"), 2, "above 0"),
        (("recommend", "sim"), 2, "--budget"),
    ],
)
def test_what_cannot_be_is_one_clear_message(run, tmp_path, words, code, said):
    done = ttc(tmp_path, *words)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_recommendation_in_words_and_as_json(run, tmp_path):
    words = (
        "recommend",
        "sim",
        "--unit",
        "c",
        "--budget",
        "8",
        "--draws",
        "20",
        "--policy",
        "best_of_n",
    )
    done = ttc(tmp_path, *words)
    assert done.returncode == 0, done.stderr
    assert "Within 8 a problem" in done.stdout
    assert "Expected on new problems" in done.stdout
    (found,) = json.loads(ttc(tmp_path, *words, "--json").stdout)
    assert found["best"]["cost"] <= 8


@pytest.mark.slow
def test_the_first_verifications_are_asked_for_recorded_and_used(run, tmp_path):
    words = ("--draws", "20", "--policy", "best_of_n")
    made = {}
    for draws in ("random", "first"):
        how = ("--verification-draws", draws, "--invalid-verdict", "zero")
        done = ttc(tmp_path, "fit-scaling", "sim", *words, *how)
        assert done.returncode == 0, done.stderr
        made[draws] = json.loads((run.path / "fit.json").read_text())
        expected = {"verification_draws": draws, "invalid_verdict": "zero"}
        assert made[draws]["scoring"] == expected
        advised = ttc(
            tmp_path, "recommend", "sim", "--unit", "c", "--budget", "16", *words, *how, "--json"
        )
        assert advised.returncode == 0, advised.stderr
        assert json.loads(advised.stdout)[0]["scoring"] == expected
    one, other = (made[d]["methods"][0]["figures"] for d in ("random", "first"))
    assert one != other
    done = ttc(tmp_path, "fit-scaling", "sim", "--verification-draws", "last")
    assert done.returncode == 2
    assert "choose of random, first" in done.stderr
