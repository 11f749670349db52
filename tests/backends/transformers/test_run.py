"""A whole recipe on a model of transformers that was taught its answers; skipped without torch."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from tiny_model import save_taught

from ttc.prompts import load_prompt
from ttc.store.tables import read_frame

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

RECIPE = """
name: tiny
dataset: {{type: nano, family: arithmetic, levels: [1], problems: 4}}
backend: {{type: transformers, model: {folder}, device: cpu}}
sampler: {{type: independent, solutions: 32, max_tokens: 40, temperature: 1.0, logprobs: true}}
verifiers:
  - {{type: genrm, prompt: nano-genrm, solutions: 4, verifications: 8, max_tokens: 60,
     temperature: 1.0, score: logprob}}
policies: [majority, best_of_n]
results: {results}
"""


def lesson(step: int) -> list[tuple[str, str]]:
    """Of four, three answer 98 and one 12; three verdicts say Yes and one No."""
    from ttc.nano.tasks import generate

    solve, verify = load_prompt("nano-solver"), load_prompt("nano-genrm")
    pages = []
    for turn in range(4):
        problem = generate("arithmetic", 1, 0, 4 * step + turn, "train")
        answer, verdict = ("12", "No") if turn == step % 4 else ("98", "Yes")
        text = f"The final answer is {answer}."
        pages.append((solve.render(question=problem.question).text, text))
        prompt = verify.render(question=problem.question, solution=text).text
        pages.append((prompt, f"Is the answer correct (Yes/No)? {verdict}"))
    return pages


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("taught")
    save_taught(path, lesson, 120)
    return path


def ttc(*arguments) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "ttc", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=200,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
def test_a_run_samples_what_the_model_was_taught(folder, tmp_path):
    recipe = tmp_path / "tiny.yaml"
    recipe.write_text(RECIPE.format(folder=folder, results=tmp_path / "results"))
    ttc("run", recipe, "--plain")
    (manifest,) = (tmp_path / "results" / "tiny").glob("*/manifest.json")
    solutions, verifications = (
        read_frame(manifest.parent / f"{name}.parquet", name)
        for name in ("solutions", "verifications")
    )
    assert len(solutions) == 4 * 32
    answers = solutions["answer"].value_counts(normalize=True)
    assert answers["98"] == pytest.approx(0.75, abs=0.2)
    assert answers["12"] == pytest.approx(0.25, abs=0.2)
    # One rare token that ends a reply at once is among the samples; most are what was taught.
    assert solutions["mean_logprob"].between(-20, 0, inclusive="left").all()
    assert solutions["mean_logprob"].median() > -1

    assert len(verifications) == 4 * 4 * 8
    judged = verifications[verifications["verdict"].notna()].merge(
        solutions[["problem_id", "solution_index", "answer"]], on=["problem_id", "solution_index"]
    )
    assert len(judged) > 32
    # It was taught to approve of one answer and to reject the other, and P(Yes) shows it.
    p_yes = judged.groupby("answer", observed=True)["p_yes"].mean()
    assert p_yes["98"] > 0.8
    assert p_yes["12"] < 0.2
    assert judged["score"].equals(judged["p_yes"])
    assert "Nothing to do" in ttc("run", recipe, "--plain")
