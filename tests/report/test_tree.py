"""`ttc show RUN --problem ID --tree` as a person reads it."""

import io
import re

import pytest

from ttc.core import Problem, SampleTrace, Solution, Verification
from ttc.core.trace import AnswerTrace, Used
from ttc.errors import DataError
from ttc.report.console import Console
from ttc.report.tree import print_tree
from ttc.store.manifest import Manifest
from ttc.store.rows import (
    answer_row,
    problem_row,
    sample_row,
    solution_row,
    verification_row,
)
from ttc.store.run_folder import RunFolder
from ttc.store.tables import write_table


def sample(number, role="solver", after=None, fate="kept", score=None, **more):
    given = {
        "branch": "",
        "prompt_tokens": 3,
        "cached_tokens": 0,
        "completion_tokens": 4,
        "flops": None,
        "usd": None,
        "requests": 1,
        "seconds": 0.1,
        "finish_reason": "stop",
        "repeat": 0,
    }
    return SampleTrace(
        "p", number=number, role=role, after=after, fate=fate, score=score, **{**given, **more}
    )


def solution(index, text, answer, first, last, steps=(), repeat=0, returned=True):
    return Solution(
        "p",
        index,
        text,
        answer,
        3,
        4,
        "stop",
        steps=steps,
        repeat=repeat,
        first_sample=first,
        last_sample=last,
        returned=returned,
    )


def shown(folder, samples, solutions, repeat=0, verdicts=(), final=None):
    made = RunFolder(folder / "recipe" / "s0-1")
    Manifest(recipe_name="recipe", run_id="s0-1").write(made.manifest_path)
    row = problem_row(
        Problem("p", "2 + 3?", "5"),
        0,
        gold_class=0,
        n_solutions=1,
        n_verifications=0,
        n_classes=1,
    )
    write_table(made.problems, "problems", [row])
    rows = [solution_row(s, answer_class=0, correct=s.answer == "5") for s in solutions]
    write_table(made.solutions, "solutions", rows)
    write_table(made.table("samples"), "samples", map(sample_row, samples))
    if verdicts:
        write_table(made.verifications, "verifications", map(verification_row, verdicts))
    if final is not None:
        answer = AnswerTrace("p", 0, "", 0, final, Used(), True)
        rows = [answer_row(answer, answer_class=0, correct=True)]
        write_table(made.table("answers"), "answers", rows)
    out = io.StringIO()
    console = Console()
    console.file = out
    print_tree(console, made, "p", repeat)
    return out.getvalue()


def test_independent_samples_are_a_flat_tree_and_what_models_write_is_only_shown(tmp_path):
    texts = ["It is 5.", "[bold]7[/bold] \x1b[31mred\n" + "so it goes " * 30]
    solutions = [solution(i, t, a, i, i) for i, (t, a) in enumerate(zip(texts, "57", strict=True))]
    verdict = Verification("p", 1, 0, "genrm", "No", False, None, 0.25, 3, 4, "stop")
    text = shown(tmp_path, [sample(0), sample(1)], solutions, verdicts=[verdict])
    assert "├── 0 solver, 4 tokens: It is 5. -> answer 5 (right)\n" in text
    second = next(line for line in text.splitlines() if line.startswith("└── 1 solver"))
    assert "[bold]7[/bold]" in second
    assert "..." in text
    assert "\x1b" not in text
    assert re.search(r"\(wrong\),\s+genrm 0.25", text)
    assert "without a text" not in text


def test_steps_in_a_row_are_lines_and_forks_are_branches(tmp_path):
    samples = [
        sample(0, "draft", fate="discarded"),
        sample(1, "reward", after=0, fate="judged", score=0.25),
        sample(2),
        sample(3, "draft", after=2),
        sample(4, after=3),
        sample(5, after=3, branch="0"),
        sample(6, "draft", after=2, fate="discarded", finish_reason="length"),
        sample(7, "critic", fate="judged"),
    ]
    solutions = [
        solution(0, "a\nb\nc", "5", 2, 4, ("a\n", "b\n", "c")),
        solution(1, "a\nb\nd", "6", 2, 5, ("a\n", "b\n", "d"), returned=False),
    ]
    lines = shown(tmp_path, samples, solutions, final=0).splitlines()
    assert [line.rstrip() for line in lines[2:-2]] == [
        "gold answer: 5",
        "├── 0 draft, 4 tokens, reward 0.25, discarded",
        "├── 2 solver, 4 tokens: a",
        "│     6 draft, 4 tokens, ended by length, discarded",
        "│   3 draft, 4 tokens: b",
        "│   ├── 4 solver, 4 tokens: c -> answer 5 (right), THE ANSWER",
        "│   └── 5 solver, 4 tokens, branch 0: d -> answer 6 (wrong), on the way and not returned",
        "└── critic: 1 beside these, for judgement, that go on from none",
    ]
    assert lines[-2].startswith("2 samples without a text")


def test_each_attempt_is_a_tree_of_its_own(tmp_path):
    solutions = [solution(0, "x", "5", 0, 0), solution(1, "y", "6", 0, 0, repeat=1)]
    samples = [sample(0), sample(0, repeat=1)]
    assert ": y -> answer 6 (wrong)" in shown(tmp_path, samples, solutions, repeat=1)
    with pytest.raises(DataError, match="no attempt 2 at p: its attempts are 0, 1"):
        shown(tmp_path, samples, solutions, repeat=2)
    with pytest.raises(DataError, match="no attempt 0 at p: none was begun"):
        shown(tmp_path, [], solutions)


def test_a_chain_of_a_thousand_steps(tmp_path):
    samples = [sample(i, after=i - 1 if i else None) for i in range(1000)]
    text = shown(tmp_path, samples, [solution(0, "x" * 1000, "5", 0, 999, ("x",) * 1000)])
    assert "│" not in text
    assert "999 solver, 4 tokens: x -> answer 5 (right)" in text
