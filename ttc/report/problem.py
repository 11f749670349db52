"""One problem of a run, for people: solutions, votes and verdicts."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from string import ascii_uppercase
from typing import TYPE_CHECKING

from ttc.errors import DataError
from ttc.policies import of_recipe, usual
from ttc.report.judged import GRADES, Choice, Judged, choices, judged, votes
from ttc.report.tables import number, table
from ttc.store.pool import verifiers
from ttc.store.rows import read_problems, read_solutions, read_verifications
from ttc.store.run_folder import RunFolder
from ttc.store.tables import read_table

if TYPE_CHECKING:
    from rich.console import Console

    from ttc.core import Problem

_WIDEST = 60
_HALF = 4000
_LETTERS = {True: "Y", False: "N", None: "?"}


def print_problem(console: Console, run: RunFolder, problem_id: str, limit: int) -> None:
    """Print question, votes and `limit` solutions with their verdicts. What the method returned
    votes; what it only said on its way is shown.

    Solutions whose label, of imported data, contradicts our judgement are marked and come first.
    Raises `DataError` that names near ids where there is no such problem.
    """
    from ttc.report.console import line, plain

    problem, gold_class = find_problem(run, problem_id)
    found = read_judged(run, problem_id)
    console.rule(line(problem_id, "rule.text"), align="left")
    console.print(plain(problem.question))
    for letter, text in zip(ascii_uppercase, problem.choices, strict=False):
        console.print(plain(f"({letter}) {text}"))
    console.print(plain(f"gold answer: {problem.answer}"))
    if not found:
        console.print("no solutions: the budget ended before the first of this problem")
        return
    voters = [one for one in found if one.solution.returned]
    names = list(dict.fromkeys(name for one in found for name in one.by_verifier))
    headings = ["answer", "votes", ""]
    for name in names:
        headings += [f"{what} score{_by(name, names)}" for what in ("mean", "summed")]
    numeric = (1, *range(3, len(headings)))
    console.print(table("Votes", headings, _votes(voters, names), numeric=numeric))
    if voters:
        console.print(line(_chosen(run, voters)))
    else:
        console.print("nothing to choose from: the method returned none of its solutions")
    if voters and all(one.answer_class < 0 for one in voters):
        console.print("no solution has a valid answer: the problem counts as failed at every S")
    order = sorted(found, key=lambda one: not one.contradicts(gold_class))
    for one in order[:limit]:
        _print_solution(console, one, gold_class)
    if len(found) > limit:
        console.print(f"... and {len(found) - limit} more solutions (--limit)")


def _chosen(run: RunFolder, voters: Sequence[Judged]) -> str:
    """What each of the run's policies chooses of all the solutions, and whether that is right."""
    answers = {one.vote: _short(one.solution.answer) for one in reversed(voters)}
    names, manifest = verifiers(run), run.manifest()
    policies = of_recipe(manifest.recipe, manifest.code) or usual()
    said = []
    for one in choices(policies, names, voters):
        label = f"{one.policy} ({one.verifier})" if one.verifier and len(names) > 1 else one.policy
        said.append(f"{label} {_choice(one, answers)}")
    return f"chosen of all {len(voters)}: {', '.join(said)}"


def _choice(one: Choice, answers: Mapping[int, str]) -> str:
    """The answer, whether it is right, and after how many solutions a rule stopped that stops."""
    stop = "" if one.used is None else f", after {one.used}"
    grade = "right" if one.correct else "wrong"
    return f"{answers[one.chosen]} ({grade}{stop})" if one.chosen >= 0 else f"nothing{stop}"


def read_judged(run: RunFolder, problem_id: str) -> list[Judged]:
    """A problem's solutions as they are stored, with their verdicts."""
    verdicts = (
        read_verifications(run.verifications, problem_id) if run.verifications.is_file() else ()
    )
    grades = read_table(run.solutions, "solutions", GRADES, problem_id=problem_id).to_pylist()
    return judged(list(read_solutions(run.solutions, problem_id)), grades, verdicts)


def _title(one: Judged, gold_class: int) -> str:
    """Judgement, answer, score, and the label where it contradicts our judgement."""
    text = f"solution {one.solution.index}: {'right' if one.correct else 'wrong'}, "
    text += "no answer" if one.answer_class < 0 else f"answer {_short(one.solution.answer)}"
    names = [*one.by_verifier]
    for name in names:
        text += f", score{_by(name, names)} {number(one.score(name))}"
    if one.solution.finish_reason not in ("stop", "imported"):
        text += f", ended by {one.solution.finish_reason}"
    if not one.solution.returned:
        text += ", on the way and not returned: no vote"
    if one.contradicts(gold_class):
        said, ours = {True: "right", False: "wrong"}, one.ours(gold_class)
        text += f" - DISAGREEMENT: the data says {said[not ours]}, we say {said[ours]}"
    return text


def _votes(voters: Sequence[Judged], verifiers: Sequence[str]) -> list[tuple[object, ...]]:
    """Of each answer class: answer, votes, whether right; by verifier mean and summed score."""
    rows: list[tuple[object, ...]] = []
    for one in votes(voters, verifiers):
        row = [
            "(no answer)" if one.answer is None else _short(one.answer),
            len(one.members),
            "right" if one.correct else "",
        ]
        for name in verifiers:
            row += [number(score) for score in one.scores.get(name, ())] or ["-", "-"]
        rows.append(tuple(row))
    return rows


def _by(verifier: str, verifiers: Collection[str]) -> str:
    """Whose a figure is, where there are several verifiers."""
    return f" by {verifier}" if len(verifiers) > 1 else ""


def _short(answer: str | None) -> str:
    """An answer in one line of a table: a megabyte of LaTeX is one, too."""
    line = " ".join((answer or "").split())
    return line if len(line) <= _WIDEST else line[: _WIDEST - 3] + "..."


def _cut(text: str) -> str:
    """A text without what no reader scrolls through: its end says more than its middle."""
    if len(text) <= 2 * _HALF:
        return text
    left_out = len(text) - 2 * _HALF
    return f"{text[:_HALF]}\n[... {left_out:,} characters left out ...]\n{text[-_HALF:]}"


def _print_solution(console: Console, one: Judged, gold_class: int) -> None:
    from ttc.report.console import line, plain

    console.rule(line(_title(one, gold_class), "rule.text"), align="left")
    console.print(plain(_cut(one.solution.text)))
    for name, verdicts in one.by_verifier.items():
        of = _by(name, one.by_verifier)
        said = "".join(_LETTERS[v.verdict] for v in verdicts)
        console.print(plain(f"verdicts{of}: {said}"))
        console.print(plain(f"first verification{of}:", "dim"))
        console.print(plain(_cut(verdicts[0].text), "dim"))


def find_problem(run: RunFolder, problem_id: str) -> tuple[Problem, int]:
    """The problem and the class of its gold answer."""
    problems = read_problems(run.problems)
    for problem in problems:
        if problem.id == problem_id:
            row = read_table(run.problems, "problems", ["gold_class"], problem_id=problem_id)
            return problem, int(row.column("gold_class")[0].as_py())
    ids = [p.id for p in problems]
    near = difflib.get_close_matches(problem_id, ids, n=3) or ids[:3]
    raise DataError(f"{run.name} has no problem {problem_id!r}; for example: {', '.join(near)}")
