"""Exact checks of solutions, on planted faults; the noisy ones differ by their noise alone."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.nano.noise import GRADER
from ttc.nano.tasks import ANSWER, NanoProblem, final_answer, generate
from ttc.nano.training.checks import (
    Check,
    Checked,
    corrupted,
    exact_grade,
    first_wrong,
    grade_lines,
    meta_score,
    recheck_lines,
)
from ttc.nano.training.programs import confirms, printed, program_of

PROBLEMS = st.builds(
    generate,
    st.sampled_from(["arithmetic", "modular", "order"]),
    st.integers(1, 5),
    st.just(5),
    st.integers(0, 10**6),
)


def story() -> NanoProblem:
    """`44-3=41`, `41*2=82`, `82-7=75`, as a problem."""
    ops = [("fewer", 3, "Bob"), ("double", 2, "Bob"), ("inv_more", 7, "Cy")]
    steps = ("44-3=41", "41*2=82", "82-7=75")
    spec = {"owner": "Ann", "things": "pens", "start": 44, "ops": ops}
    return NanoProblem("x", "arithmetic", 3, "heldout", "q", "75", steps, spec)


@pytest.mark.parametrize(
    ("lines", "wrong", "score"),
    [
        (["44-3=41", "41*2=82", "82-7=75"], -1, 1.0),
        (["44-3=41", "41*2=82", "82+7=89"], 2, 0.0),
        (["44-3=40", "40*2=80", "80-7=73"], 0, 0.0),
        (["44-3=40", "41*2=82", "82-7=75"], 0, 0.5),
        (["44-3=41", "41/2=82", "82-7=75"], 1, 0.5),
        (["44-3=42", "42*2=84", "84-7=75"], 0, 0.5),
    ],
)
def test_planted_faults_are_found(lines: list[str], wrong: int, score: float) -> None:
    solution = [*lines, ANSWER.format(lines[-1].split("=")[1])]
    assert first_wrong(story(), solution) == wrong
    assert exact_grade(story(), solution).score == score


def test_an_answer_that_is_not_the_last_result_is_a_fault() -> None:
    solution = ["44-3=41", "41*2=82", "82-7=75", ANSWER.format("82")]
    assert first_wrong(story(), solution) == 3
    assert exact_grade(story(), solution).score == 0
    assert not exact_grade(story(), []).sound
    assert exact_grade(story(), ["44-3=41", ANSWER.format("75")]).score == 0.5


@given(PROBLEMS)
def test_a_gold_solution_is_sound(problem: NanoProblem) -> None:
    lines = problem.solution.split("\n")
    assert first_wrong(problem, lines) == -1
    assert exact_grade(problem, lines).score == 1


@given(PROBLEMS, st.integers(0, 10**6))
def test_an_unsound_step_keeps_the_answer(problem: NanoProblem, seed: int) -> None:
    lines = corrupted(problem, random.Random(seed))
    assert final_answer("\n".join(lines)) == problem.answer
    if tuple(lines[:-1]) != problem.steps:
        assert exact_grade(problem, lines).score == 0.5


@given(PROBLEMS, st.lists(st.text("0123456789+-*/=>. AnBob", max_size=12), max_size=8))
def test_strange_solutions_crash_nothing(problem: NanoProblem, lines: list[str]) -> None:
    rng = random.Random(0)
    for check in (recheck_lines, grade_lines):
        assert check(problem, lines, GRADER, rng).score in (0, 0.5, 1)


def planted(score: float, at: int) -> Checked:
    """A grading of three lines that calls line `at` wrong and gives a score."""
    checks = [Check("", i != at) for i in range(3)]
    checks.append(Check("", score > 0))
    return Checked(tuple(checks), True)


@pytest.mark.parametrize(
    ("alleged", "score", "truth", "expected"),
    [
        (-1, 1.0, planted(1.0, -1), 1.0),
        (1, 0.0, planted(0.0, 1), 1.0),
        (1, 0.5, planted(0.0, 1), 0.5),
        (0, 0.0, planted(0.0, 1), 0.5),
        (1, 0.0, planted(1.0, -1), 0.0),
        (-1, 1.0, planted(0.0, 1), 0.0),
    ],
)
def test_gradings_are_graded(alleged: int, score: float, truth: Checked, expected: float) -> None:
    assert meta_score(alleged, score, truth) == expected


@given(PROBLEMS)
def test_programs_confirm_gold_lines_and_no_others(problem: NanoProblem) -> None:
    lines = problem.solution.split("\n")
    for i, line in enumerate(lines):
        program = program_of(problem, i, line)
        assert confirms(problem, i, line, program, program.output)
        assert not confirms(problem, i, f"{line}0", program, program.output)


@given(PROBLEMS)
def test_programs_print_what_python_prints(
    problem: NanoProblem,
) -> None:
    for i, line in enumerate(problem.solution.split("\n")):
        program = program_of(problem, i, line)
        values = eval(f"({program.program},)")  # made above, from whole numbers and names
        assert program.output == " ".join(map(str, values))


@pytest.mark.parametrize("code", ["", "x", "1+", '"a', "2**9", "__import__", "1/0"])
def test_other_programs_are_errors(code: str) -> None:
    assert printed(f"print({code})\n```").endswith("Error")
