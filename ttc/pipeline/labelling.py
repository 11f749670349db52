"""Solutions on whose first wrong step a verifier's votes differ most, for people to label."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ttc.core import Solution, Verification
from ttc.errors import DataError, UsageError
from ttc.store.atomic import write_text
from ttc.store.rows import read_problems, read_solutions, read_verifications
from ttc.store.run_folder import RunFolder
from ttc.store.step_labels import (
    NONE_WRONG,
    StepLabel,
    read_lines,
    text_of,
    whole_of,
    write_step_labels,
)
from ttc.verdicts.steps import pieces_of, read_numbered
from ttc.words import nearest

Key = tuple[str, int]
UNNAMED = -2
"""The vote of a verdict that says wrong, and not where."""


@dataclass(frozen=True)
class Item:
    """A judged solution: its steps as the verifier saw them, and its votes on the first wrong one,
    from 0; `NONE_WRONG`: all are right.
    """

    solution: Solution
    steps: tuple[str, ...]
    votes: Mapping[int, int]

    @property
    def uncertainty(self) -> float:
        """1 less the share of the vote that is most frequent; 1 where none could be read."""
        total = sum(self.votes.values())
        return 1 - max(self.votes.values()) / total if total else 1.0

    @property
    def key(self) -> Key:
        return self.solution.problem_id, self.solution.index


def judged_items(run: RunFolder, verifier: str) -> list[Item]:
    """What a verifier has judged, the most uncertain first; others in the order of the run.

    Raises `DataError` where it judged nothing, or never says which step is wrong.
    """
    config = _config(run, verifier)
    said: dict[Key, list[Verification]] = {}
    names = set()
    for one in read_verifications(run.verifications) if run.verifications.is_file() else ():
        names.add(one.verifier)
        if one.verifier == verifier:
            said.setdefault((one.problem_id, one.solution_index), []).append(one)
    if not said:
        raise DataError(
            f"{run.name} has no verifications by {verifier!r}{nearest(verifier, names)}"
        )
    if not any(one.step_scores for rows in said.values() for one in rows):
        raise DataError(
            f"{verifier!r} says of no step whether it is wrong; opv, thinkprm and genprm do"
        )
    items = [
        Item(solution, _steps(config, solution, rows[0]), _votes(rows))
        for solution in read_solutions(run.solutions)
        if solution.returned and (rows := said.get((solution.problem_id, solution.index)))
    ]
    return sorted(items, key=lambda item: -item.uncertainty)


def export_items(run: RunFolder, verifier: str, most: int, path: Path) -> list[Item]:
    """Write the most uncertain items, one JSON object a line, with a place for the label.

    Raises `UsageError` where the file is there already, as it may hold somebody's labels.
    """
    if path.exists():
        raise UsageError(f"{path} is there already, and may hold labels: name another file")
    items = judged_items(run, verifier)[:most]
    questions = {problem.id: problem.question for problem in read_problems(run.problems)}
    lines = [json.dumps(_line(item, verifier, questions), ensure_ascii=False) for item in items]
    write_text(path, "".join(f"{line}\n" for line in lines))
    return items


def import_labels(run: RunFolder, path: Path, annotator: str = "") -> tuple[list[StepLabel], int]:
    """Read filled-in lines into a run's folder: the labels read, and how many lines are not filled.

    annotator: of lines that name none. Raises `DataError` with file and line; then nothing is kept.
    """
    items: dict[str, dict[Key, Item]] = {}
    labels, empty = [], 0
    for number, row in read_lines(path):
        where = f"{path}:{number}"
        if row.get("first_wrong_step") is None:
            empty += 1
            continue
        verifier = text_of(row, "verifier", where)
        if verifier not in items:
            items[verifier] = {item.key: item for item in judged_items(run, verifier)}
        labels.append(_label(row, items[verifier], annotator, where))
    twice = [key for key, n in Counter(label.key for label in labels).items() if n > 1]
    if twice:
        problem, index, who = twice[0]
        raise DataError(f"{path}: {who!r} labels solution {index} of {problem!r} twice")
    write_step_labels(run, labels)
    return labels, empty


def _config(run: RunFolder, verifier: str) -> Mapping[str, Any]:
    """A verifier of the run's recipe as plain data, also one inside another or in the sampler;
    nothing where it came with imported data.
    """
    recipe = run.manifest().recipe
    pending = [*(recipe.get("verifiers") or ()), recipe.get("sampler")]
    while pending:
        one = pending.pop(0)
        if isinstance(one, list | tuple):
            pending += one
        elif isinstance(one, Mapping):
            if "type" in one and (one.get("name") or one["type"]) == verifier:
                return one
            pending += [value for key, value in one.items() if key != "backend"]
    return {}


def _steps(config: Mapping[str, Any], solution: Solution, first: Verification) -> tuple[str, ...]:
    """The summary that the verification begins with, where the verifier made one; else the
    solution's own steps.
    """
    if config.get("summary_prompt") is not None:
        return tuple(read_numbered(first.text.partition("\n\n")[0], 0))
    pieces = pieces_of(solution, config.get("steps", "blank_line"), config.get("most_steps"))
    return tuple(piece.strip() for piece in pieces)


def _votes(rows: Sequence[Verification]) -> dict[int, int]:
    """Votes by step, the most frequent first. Invalid verifications are none."""
    return dict(Counter(_named(rows)).most_common())


def _named(rows: Sequence[Verification]) -> Iterator[int]:
    for row in rows:
        if row.first_wrong_step is not None:
            yield row.first_wrong_step
        elif row.verdict is not None:
            yield NONE_WRONG if row.verdict else UNNAMED


def _line(item: Item, verifier: str, questions: Mapping[str, str]) -> dict[str, Any]:
    problem, index = item.key
    return {
        "problem_id": problem,
        "solution_index": index,
        "verifier": verifier,
        "uncertainty": round(item.uncertainty, 4),
        "votes": {str(step): n for step, n in item.votes.items()},
        "question": questions.get(problem, ""),
        "solution": item.solution.text,
        "steps": [f"{i}: {step}" for i, step in enumerate(item.steps)],
        "first_wrong_step": None,
        "annotator": "",
    }


def _label(
    row: Mapping[str, Any], items: Mapping[Key, Item], annotator: str, where: str
) -> StepLabel:
    key = text_of(row, "problem_id", where), whole_of(row, "solution_index", where)
    item = items.get(key)
    if item is None:
        raise DataError(f"{where}: the verifier judged no solution {key[1]} of {key[0]!r}")
    step = whole_of(row, "first_wrong_step", where)
    if step >= len(item.steps):
        last = len(item.steps) - 1
        raise DataError(f"{where}: first_wrong_step is {step}, but the last step is {last}")
    who = row.get("annotator") or annotator
    if not isinstance(who, str) or not who.strip():
        raise DataError(f"{where}: no annotator: fill in that key, or give --annotator NAME")
    return StepLabel(*key, step, who.strip())
