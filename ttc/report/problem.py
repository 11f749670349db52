"""One problem of a run, for people: solutions, votes and verdicts."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import TYPE_CHECKING

import numpy as np

from ttc.analysis.drawn import given
from ttc.analysis.labels import split_by_label
from ttc.errors import DataError, at_problem
from ttc.policies import Drawn, PolicyPart, StoppingRule, of_recipe, usual
from ttc.report.tables import number, table
from ttc.store.pool import verifiers
from ttc.store.rows import read_problems, read_solutions, read_verifications
from ttc.store.run_folder import RunFolder
from ttc.store.tables import read_table

if TYPE_CHECKING:
    from rich.console import Console

    from ttc.core import Problem, Solution, Verification

_GRADES = ["problem_id", "answer_class", "correct", "imported_correct"]
_WIDEST = 60
_HALF = 4000
_LETTERS = {True: "Y", False: "N", None: "?"}


@dataclass(frozen=True)
class _Judged:
    """A solution with its class, our judgement, the label it came with, and its verdicts.

    vote: the class that it votes for, `answer_class` but where labels disagree.
    """

    solution: Solution
    answer_class: int
    vote: int
    correct: bool
    label: bool | None
    verdicts: list[Verification]

    @property
    def by_verifier(self) -> dict[str, list[Verification]]:
        """Verdicts of each: one's say nothing of another's."""
        found: dict[str, list[Verification]] = {}
        for verdict in self.verdicts:
            found.setdefault(verdict.verifier, []).append(verdict)
        return found

    def score(self, verifier: str) -> float:
        """Mean of a verifier's valid scores, NaN without any."""
        own = (v.score for v in self.verdicts if v.verifier == verifier)
        scores = [score for score in own if score is not None]
        return float(np.mean(scores)) if scores else float("nan")

    def title(self, gold_class: int) -> str:
        """Judgement, answer, score, and the label where it contradicts our judgement."""
        ours = 0 <= self.answer_class == gold_class
        text = f"solution {self.solution.index}: {'right' if self.correct else 'wrong'}, "
        text += "no answer" if self.answer_class < 0 else f"answer {_short(self.solution.answer)}"
        names = [*self.by_verifier]
        for name in names:
            text += f", score{_by(name, names)} {number(self.score(name))}"
        if self.solution.finish_reason not in ("stop", "imported"):
            text += f", ended by {self.solution.finish_reason}"
        if not self.solution.returned:
            text += ", on the way and not returned: no vote"
        if self.label is not None and self.label != ours:
            said = {True: "right", False: "wrong"}
            text += f" - DISAGREEMENT: the data says {said[self.label]}, we say {said[ours]}"
        return text


def print_problem(console: Console, run: RunFolder, problem_id: str, limit: int) -> None:
    """Print question, votes and `limit` solutions with their verdicts. What the method returned
    votes; what it only said on its way is shown.

    Solutions whose label, of imported data, contradicts our judgement are marked and come first.
    Raises `DataError` that names near ids where there is no such problem.
    """
    from ttc.report.console import line, plain

    problem, gold_class = find_problem(run, problem_id)
    judged = _judged(run, problem_id)
    console.rule(line(problem_id, "rule.text"), align="left")
    console.print(plain(problem.question))
    for letter, text in zip(ascii_uppercase, problem.choices, strict=False):
        console.print(plain(f"({letter}) {text}"))
    console.print(plain(f"gold answer: {problem.answer}"))
    if not judged:
        console.print("no solutions: the budget ended before the first of this problem")
        return
    voters = [one for one in judged if one.solution.returned]
    names = list(dict.fromkeys(name for one in judged for name in one.by_verifier))
    headings = ["answer", "votes", ""]
    for name in names:
        headings += [f"{what} score{_by(name, names)}" for what in ("mean", "summed")]
    numeric = (1, *range(3, len(headings)))
    console.print(table("Votes", headings, _votes(voters, names), numeric=numeric))
    if voters:
        console.print(line(_choices(run, voters)))
    else:
        console.print("nothing to choose from: the method returned none of its solutions")
    if voters and all(one.answer_class < 0 for one in voters):
        console.print("no solution has a valid answer: the problem counts as failed at every S")
    order = sorted(judged, key=lambda one: "DISAGREEMENT" not in one.title(gold_class))
    for one in order[:limit]:
        _print_solution(console, one, gold_class)
    if len(judged) > limit:
        console.print(f"... and {len(judged) - limit} more solutions (--limit)")


def _choices(run: RunFolder, judged: Sequence[_Judged]) -> str:
    """What each of the run's policies chooses of all the solutions, and whether that is right."""
    solutions = [one.solution for one in judged]
    classes = np.array([one.vote for one in judged])
    right = frozenset(one.vote for one in judged if one.correct)
    verdicts = [v for one in judged for v in one.verdicts]
    answers = {one.vote: _short(one.solution.answer) for one in reversed(judged)}
    names = verifiers(run)
    said = []
    manifest = run.manifest()
    for policy in of_recipe(manifest.recipe, manifest.code) or usual():
        for name in names if policy.reads_verifications else ("",):
            own = [v for v in verdicts if v.verifier == name]
            label = f"{policy.label} ({name})" if name and len(names) > 1 else policy.label
            drawn = Drawn.of(solutions, classes, own)
            if not policy.can_read(given(drawn.more)):
                continue
            with at_problem(solutions[0].problem_id):
                said.append(f"{label} {_choice(policy, drawn, right, answers)}")
    return f"chosen of all {len(judged)}: {', '.join(said)}"


def _choice(
    policy: PolicyPart, drawn: Drawn, right: Collection[int], answers: Mapping[int, str]
) -> str:
    """The answer, whether it is right, and after how many solutions a rule stopped that stops."""
    chosen = policy.picks(drawn, right)
    grade = "right" if chosen in right else "wrong"
    stop = f", after {policy.used(drawn)}" if isinstance(policy, StoppingRule) else ""
    return f"{answers[chosen]} ({grade}{stop})" if chosen >= 0 else f"nothing{stop}"


def _judged(run: RunFolder, problem_id: str) -> list[_Judged]:
    verdicts: dict[int, list[Verification]] = {}
    if run.verifications.is_file():
        for verification in read_verifications(run.verifications, problem_id):
            verdicts.setdefault(verification.solution_index, []).append(verification)
    grades = read_table(run.solutions, "solutions", _GRADES, problem_id=problem_id).to_pylist()
    classes = np.array([[grade["answer_class"] for grade in grades]], dtype=np.int64)
    labels = np.array([[grade["correct"] for grade in grades]], dtype=np.bool_)
    votes = split_by_label(classes, labels)[0][0] if grades else []
    return [
        _Judged(
            solution=solution,
            answer_class=int(grade["answer_class"]),
            vote=int(vote),
            correct=bool(grade["correct"]),
            label=grade["imported_correct"],
            verdicts=verdicts.get(solution.index, []),
        )
        for solution, grade, vote in zip(
            read_solutions(run.solutions, problem_id), grades, votes, strict=True
        )
    ]


def _votes(judged: list[_Judged], verifiers: Sequence[str]) -> list[tuple[object, ...]]:
    """Of each answer class: answer, votes, whether right; by verifier mean and summed score."""
    rows: list[tuple[object, ...]] = []
    votes = Counter(one.vote for one in judged)
    for vote, count in votes.most_common():
        members = [one for one in judged if one.vote == vote]
        row = [
            _short(members[0].solution.answer) if members[0].answer_class >= 0 else "(no answer)",
            count,
            "right" if members[0].correct else "",
        ]
        for name in verifiers:
            scores = [score for score in (one.score(name) for one in members) if score == score]
            of_all = (np.mean(scores), np.sum(scores)) if scores else ()
            row += [number(float(one)) for one in of_all] or ["-", "-"]
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


def _print_solution(console: Console, one: _Judged, gold_class: int) -> None:
    from ttc.report.console import line, plain

    console.rule(line(one.title(gold_class), "rule.text"), align="left")
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
