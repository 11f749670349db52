"""`ttc show RUN --problem ID` as a person reads it."""

import io

from rich.console import Console

from ttc.core import Problem, Solution, Verification
from ttc.report.problem import print_problem
from ttc.store.manifest import Manifest
from ttc.store.rows import problem_row, solution_row, verification_row
from ttc.store.run_folder import RunFolder
from ttc.store.tables import write_table

TEXTS = [("So it is 5.", "5"), ("[bold]So[/] 7.", "7"), ("5 again.", "5"), ("x" * 20_000, None)]


def run(folder, verdicts=()):
    made = RunFolder(folder / "recipe" / "s0-1")
    Manifest(recipe_name="recipe", run_id="s0-1").write(made.manifest_path)
    solutions = [
        Solution("p", i, text, answer, 3, 9, "stop" if answer else "length")
        for i, (text, answer) in enumerate(TEXTS)
    ]
    classes = [0, 1, 0, -1]
    problem = Problem("p", "2 + 3?", "5")
    row = problem_row(problem, 0, gold_class=0, n_solutions=4, n_verifications=0, n_classes=2)
    write_table(made.problems, "problems", [row])
    write_table(
        made.solutions,
        "solutions",
        [
            solution_row(s, answer_class=c, correct=c == 0)
            for s, c in zip(solutions, classes, strict=True)
        ],
    )
    if verdicts:
        rows = [
            verification_row(
                Verification("p", 0, i, "genrm", f"v{i}", v, None, s, 3, 9, finish_reason="stop")
            )
            for i, (v, s) in enumerate(verdicts)
        ]
        write_table(made.verifications, "verifications", rows)
    return made


def shown(made, limit=6):
    out = io.StringIO()
    print_problem(Console(width=100, file=out), made, "p", limit)
    return out.getvalue()


def test_votes_answers_and_how_each_solution_ended(tmp_path):
    text = shown(run(tmp_path))
    assert "gold answer: 5" in text
    assert [line.split() for line in text.splitlines() if line.startswith(("  5 ", "  7 "))] == [
        ["5", "2", "right"],
        ["7", "1"],
    ]
    assert "solution 0: right, answer 5" in text
    assert "solution 1: wrong, answer 7" in text
    assert "solution 3: wrong, no answer, ended by length" in text
    assert "[bold]So[/] 7." in text
    assert "score" not in text
    assert "chosen of all 4: first 5 (right), majority 5 (right), oracle 5 (right)" in text


def test_verdicts_and_scores(tmp_path):
    text = shown(run(tmp_path, [(True, 1.0), (False, 0.0), (None, None)]), limit=1)
    assert "solution 0: right, answer 5, score 0.5" in text
    assert "verdicts: YN?" in text
    assert "v0" in text
    assert "mean score" in text
    assert "best_of_n 5 (right)" in text
    assert "... and 3 more solutions (--limit)" in text


def test_a_text_without_end_is_cut_in_its_middle(tmp_path):
    text = shown(run(tmp_path))
    assert "[... 12,000 characters left out ...]" in text
    assert len(text) < 12_000
