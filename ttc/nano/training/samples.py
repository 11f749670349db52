"""Solutions sampled from the trained solver: what the verifier is trained on."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

from ttc.nano.catalogue import ModelInfo
from ttc.nano.noise import GRADER
from ttc.nano.prompts import solver_prompt, verifier_prompt
from ttc.nano.tasks import step_labels
from ttc.nano.tokenizer import encode
from ttc.nano.training.data import Text, train_problem
from ttc.nano.training.reviews import is_correct, review, says_yes

OFFSET = 10_000_000  # problems that the solver was not trained on
PER_PROBLEM = 2
_BLOCK = 512


def sample_solutions(info: ModelInfo, problems: int, seed: int, path: Path) -> None:
    """Write `PER_PROBLEM` solutions of each training problem as JSON lines, at temperature 1."""
    from ttc.nano.engine import NanoModel
    from ttc.nano.sampling import SampleJob

    if path.exists():
        return
    model = NanoModel(info)
    partial = path.with_suffix(".part")
    with partial.open("w", encoding="utf-8") as out:
        for start in range(0, problems, _BLOCK):
            indices = range(start, min(start + _BLOCK, problems))
            jobs = [
                SampleJob(
                    solver_prompt(train_problem(seed, OFFSET + i).question),
                    tuple(PER_PROBLEM * i + j for j in range(PER_PROBLEM)),
                    max_tokens=96,
                )
                for i in indices
            ]
            for i, samples in zip(indices, model.sample(jobs), strict=True):
                out.writelines(json.dumps([OFFSET + i, s.text]) + "\n" for s in samples)
            print(f"sampled {indices.stop}/{problems} problems", flush=True)
    partial.replace(path)


def review_source(path: Path, seed: int, context: int) -> Callable[[int], Text]:
    """Text number i: a grader's recheck of one of the sampled solutions, newly drawn each time.

    Only rechecks whose verdict agrees with the solution's exact label are kept, as GenRM-FT does
    with its synthetic rationales (arXiv 2408.15240).
    """
    pairs = read_samples(path)

    def source(index: int) -> Text:
        rng = random.Random(f"grader/{seed}/{index}")
        while True:
            number, solution = pairs[int(rng.random() * len(pairs))]
            problem = train_problem(seed, number)
            prompt = verifier_prompt(problem.question, solution)
            text = review(problem, solution, GRADER, rng)
            fits = len(encode(prompt)) + len(encode(text)) < context
            if fits and says_yes(text) == is_correct(problem, solution):
                return Text(prompt, text)

    return source


def mark_source(path: Path, seed: int) -> Callable[[int], Text]:
    """Text number i: one of the sampled solutions with the exact mark of each of its lines."""
    pairs = read_samples(path)

    def source(index: int) -> Text:
        number, solution = pairs[int(random.Random(f"marks/{seed}/{index}").random() * len(pairs))]
        problem = train_problem(seed, number)
        lines = solution.strip().split("\n")
        return Text(
            solver_prompt(problem.question), "\n".join(lines), tuple(step_labels(problem, lines))
        )

    return source


def read_samples(path: Path) -> list[tuple[int, str]]:
    """Number of the problem and text of each sampled solution."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [(int(number), str(text)) for number, text in map(json.loads, lines)]
