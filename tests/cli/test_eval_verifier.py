"""`ttc eval-verifier` from the shell: imported pools, a run of the embedded models, refusals."""

import json
import re

import pytest
from processes import ttc

from ttc.store.tables import read_frame

RECIPE = """
name: judged
dataset: {type: nano, family: arithmetic, levels: [2, 3], problems: 6}
sampler: {type: independent, solutions: 6, temperature: 1.0, max_tokens: 64}
verifiers:
  - type: genrm
    backend: {type: nano, model: nano-verifier}
    prompt: nano-genrm
    verifications: 4
    temperature: 1.0
    max_tokens: 96
    score: binary
"""
FIGURES = ("ranking", "reliability", "verifications", "false_positives", "margins")


def rows(problems=8):
    """Six solutions of each, of which a judge is mistaken about every third."""
    for i in range(problems):
        solutions = []
        for j in range(6):
            right, mistaken = (i + j) % 2 == 0, (i + 2 * j) % 3 == 0
            score = 0.9 - 0.05 * j if right != mistaken else 0.1 + 0.05 * j
            solutions.append(
                {
                    "answer": "1" if right else str(2 + j % 2),
                    "tokens": 5 + j,
                    "first_wrong_step": -1 if right else j % 3,
                    "verifications": [
                        {"score": score, "step_scores": [0.9, score]},
                        {"score": score},
                    ],
                }
            )
        yield {
            "problem_id": f"p{i}",
            "question": "?",
            "answer": "1",
            "topic": "even" if i % 2 else "odd",
            "solutions": solutions,
        }


@pytest.fixture
def imported(tmp_path):
    source = tmp_path / "mine.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows()))
    done = ttc(tmp_path, "import", str(source))
    assert done.returncode == 0, done.stderr
    return tmp_path


@pytest.mark.slow
def test_a_page_for_people_and_all_of_it_in_files(imported):
    done = ttc(imported, "eval-verifier", "mine", "--by", "metadata.topic,length", "--draws", "50")
    assert done.returncode == 0, done.stderr
    assert re.match(r"imported tells a right solution from a wrong one in \d+\.\d %", done.stdout)
    for words in (
        "AUC, any two solutions",
        "F1 (ProcessBench's)",
        "first wrong step, F1",
        "z-normalised",
        "ECE, equal mass, 10 bins",
        "How often the best scored of S is wrong",
        "even",
        "shortest",
        "rough: take 30 or more",
        "weighted majority",
    ):
        assert words in done.stdout
    (folder,) = (imported / "results" / "mine").iterdir()
    metrics = read_frame(folder / "verifier_metrics.parquet", "verifier_metrics")
    assert {"all", "even", "shortest"} <= set(metrics["group"])
    curves = read_frame(folder / "verifier_curves.parquet", "verifier_curves")
    assert {"roc", "false_positives", "margin"} <= set(curves["curve"])
    for name in FIGURES:
        for ending in ("png", "svg"):
            assert (folder / "figures" / f"verifier_{name}.{ending}").stat().st_size > 5000
    assert json.loads((folder / "verifier.json").read_text())["bins"] == 10


@pytest.mark.slow
def test_json_and_another_folder(imported):
    words = ("--json", "--out", "elsewhere", "--bins", "4", "--threshold", "0.6", "--draws", "20")
    done = ttc(imported, "eval-verifier", "mine", *words, "--cost", "0.1,1,5")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said == json.loads((imported / "elsewhere" / "verifier.json").read_text())
    assert said["detection_costs"] == [{"p_target": 0.1, "c_miss": 1.0, "c_fa": 5.0}]
    ats = {row["quantity"]: row["at"] for row in said["figures"]}
    assert (ats["ece_width"], ats["min_detection_cost"]) == (4.0, 0.1)
    assert not list((imported / "results" / "mine").glob("*/verifier.json"))


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["nothing"], 1, "no run 'nothing'"),
        (["mine", "--verifier", "imports"], 1, "did you mean 'imported'"),
        (["mine", "--by", "size"], 2, "choose of difficulty, length, level, metadata.KEY"),
        (["mine", "--cost", "2,1,1"], 2, "p_target lies between 0 and 1"),
        (["mine", "--cost", "half"], 2, "expected P_TARGET,C_MISS,C_FA"),
        (["mine", "--attack", "all"], 1, "has no recipe with verifiers"),
        (["mine", "--set", "budget.per_run.usd=1"], 2, "without --attack nobody is asked"),
        (["mine", "--invalid-verdict", "lost"], 2, "choose of dropped, zero, half"),
        (["mine", "--cluster", "metadata.none"], 2, "no metadata 'none'"),
    ],
)
def test_what_it_refuses(imported, words, code, says):
    done = ttc(imported, "eval-verifier", *words)
    assert done.returncode == code, done.stdout
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_run_of_the_embedded_models_with_attacks(tmp_path):
    (tmp_path / "judged.yaml").write_text(RECIPE)
    assert ttc(tmp_path, "run", "judged.yaml", "--quiet").returncode == 0
    words = ("--attack", "claims,pads", "--problems", "3", "--each", "1", "--draws", "20")
    done = ttc(tmp_path, "eval-verifier", "judged", *words, "--set", "budget.per_run.tokens=1e5")
    assert done.returncode == 0, done.stderr
    for text in ("judged anew by genrm", "unaltered", "claims", "pads", "effective V of 4"):
        assert text in done.stdout
    assert "repeats" not in done.stdout
    assert "verifier_attacks.png" in done.stdout
    (folder,) = (tmp_path / "results" / "judged").iterdir()
    metrics = read_frame(folder / "verifier_metrics.parquet", "verifier_metrics")
    attacks = metrics[metrics["by"] == "attack"]
    assert set(attacks["group"]) == {"unaltered", "claims", "pads"}
    assert attacks["estimate"].notna().all()
    assert ttc(tmp_path, "show", "judged").returncode == 0


def test_help_has_examples_and_is_quick(tmp_path):
    done = ttc(tmp_path, "eval-verifier", "--help")
    assert done.returncode == 0
    assert "ttc eval-verifier quickstart" in done.stdout
