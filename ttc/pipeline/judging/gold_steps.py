"""Which step of a solution is the first wrong one, where somebody or something knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ttc.analysis.judging.decisions import NONE_WRONG
from ttc.core import Problem, Solution
from ttc.nano.families import FAMILIES
from ttc.nano.tasks import NanoProblem, Split, generate, step_labels
from ttc.store.rows import read_problems, read_solutions
from ttc.store.run_folder import RunFolder
from ttc.store.step_labels import agreed, read_step_labels
from ttc.store.tables import read_table


@dataclass(frozen=True, slots=True)
class Gold:
    """first_wrong: the first wrong step of a solution, from 0, or `NONE_WRONG`. steps: how many it
    has by who says so; None where that is unknown.
    """

    first_wrong: int
    steps: int | None = None


Steps = Mapping[tuple[str, int], Gold]
"""By problem and solution."""


def gold_steps(run: RunFolder) -> Steps:
    """Labels that people gave (`ttc label`), before those that came with the data; where none did,
    those of problems of the embedded generators.

    The latter are exact: a step is right if it is the gold one and all before it are. Steps are
    those that the method stored, else the lines of the text that are not blank.
    """
    people = {key: Gold(step) for key, step in agreed(read_step_labels(run)).items()}
    return {**(_given(run) or _generated(run)), **people}


def _given(run: RunFolder) -> Steps:
    columns = ["problem_id", "solution_index", "gold_first_wrong_step", "steps"]
    table = read_table(run.solutions, "solutions", columns)
    if table.column(columns[2]).null_count == len(table):
        return {}
    rows = zip(*(table.column(name).to_pylist() for name in columns), strict=True)
    return {
        (str(name), int(index)): Gold(int(step), len(steps or ()) or None)
        for name, index, step, steps in rows
        if step is not None
    }


def _generated(run: RunFolder) -> Steps:
    made = {one.id: twin for one in read_problems(run.problems) if (twin := _twin(one)) is not None}
    if not made:
        return {}
    return {
        (one.problem_id, one.index): _first_wrong(made[one.problem_id], one)
        for one in read_solutions(run.solutions)
        if one.problem_id in made
    }


def _twin(problem: Problem) -> NanoProblem | None:
    """The generated problem of this id, if its question is the same."""
    words = problem.id.split("-")
    split: Split = "train" if words[-1] == "train" else "heldout"
    family, *numbers = words[:4]
    if family not in FAMILIES or len(numbers) < 3 or not all(n.isdecimal() for n in numbers):
        return None
    level, seed, index = map(int, numbers)
    if level not in FAMILIES[family].levels:
        return None
    made = generate(family, level, seed, index, split)
    return made if (made.id, made.question) == (problem.id, problem.question) else None


def _first_wrong(problem: NanoProblem, solution: Solution) -> Gold:
    lines = solution.steps or [line for line in solution.text.splitlines() if line.strip()]
    good = step_labels(problem, lines)
    if all(good) and len(good) < len(problem.steps) + 1:
        return Gold(len(good), len(good))  # it stopped short: what is missing is wrong
    return Gold(NONE_WRONG if all(good) else good.index(False), len(good))
