"""A small run whose every answer, verdict and text is known, some of them hostile."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ttc.core import Problem, Solution, Verification
from ttc.store.manifest import Manifest
from ttc.store.rows import problem_row, solution_row, verification_row
from ttc.store.run_folder import RunFolder
from ttc.store.tables import write_table

HOSTILE = (
    "<script>window.broken = 1</script><img src=x onerror='window.broken = 2'>",
    "</script><script>window.broken = 3</script><!--<script>",
    "a \u202e right to left \u2066 and \u200b nothing, \x1b[31m, \x00 and \u2028 a line",
    "half a character: \ud83d, and another \udc00",
    "x" * 1_000_000,
    "{{ constructor.constructor('window.broken = 4')() }} ${window.broken = 5} &lt;b&gt;",
)


def write_run(
    folder: Path,
    answers: Sequence[Sequence[int]] = ((0, 1, 1, 0, 0),),
    texts: Sequence[str] = (),
    verdicts: Sequence[tuple[int, bool | None, float | None]] = (),
    name: str = "by_hand",
    run_id: str = "s0-1",
    steps: dict[int, tuple[tuple[str, ...], tuple[float, ...]]] | None = None,
) -> RunFolder:
    """answers: of each problem the answer class of each solution, 0 being right, -1 none; verdicts:
    solution, verdict and score, on the first problem; steps: of solutions of the first problem,
    their steps and the score of each.
    """
    run = RunFolder(folder / name / run_id)
    Manifest(recipe_name=name, run_id=run_id, seed=0, status="complete").write(run.manifest_path)
    problems, solutions, verifications = [], [], []
    for p, classes in enumerate(answers):
        problem = Problem(f"p{p}", f"What is {p}?", "0", metadata={"level": p % 3 + 1})
        judged = len(verdicts) + len(steps or {}) if p == 0 else 0
        problems.append(
            problem_row(
                problem, p, gold_class=0, n_solutions=len(classes), n_verifications=judged,
                n_classes=len(set(classes) - {-1}),
            )
        )  # fmt: skip
        for i, one in enumerate(classes):
            text = texts[(p * 7 + i) % len(texts)] if texts else f"It is {one}."
            own = (steps or {}).get(i, ((), ()))[0] if p == 0 else ()
            solution = Solution(
                f"p{p}", i, text, None if one < 0 else str(one), 3, 9, "stop", steps=own
            )
            solutions.append(solution_row(solution, answer_class=one, correct=one == 0))
    counts: dict[int, int] = {}
    for solution_index, verdict, score in verdicts:
        number = counts[solution_index] = counts.get(solution_index, -1) + 1
        text = texts[number % len(texts)] if texts else f"verdict {number}"
        verifications.append(
            verification_row(
                Verification("p0", solution_index, number, "judge", text, verdict, score, score, 3,
                             4, "stop")
            )
        )  # fmt: skip
    for solution_index, (_, scores) in (steps or {}).items():
        verifications.append(
            verification_row(
                Verification("p0", solution_index, 0, "prm", "", None, None, min(scores), 3, 0,
                             "read", step_scores=scores)
            )
        )  # fmt: skip
    write_table(run.problems, "problems", problems)
    write_table(run.solutions, "solutions", solutions)
    if verifications:
        write_table(run.verifications, "verifications", verifications)
    return run
