"""What people say of solutions' steps: labels of the first wrong one, in a run's folder.

`step_labels.jsonl` has one JSON object a line: problem_id, solution_index, first_wrong_step (from
0; -1: no step is wrong) and annotator. No run writes it, so it stays when a run goes on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ttc.errors import DataError
from ttc.store.atomic import write_text
from ttc.store.run_folder import RunFolder

FILE = "step_labels.jsonl"
NONE_WRONG = -1


@dataclass(frozen=True, slots=True)
class StepLabel:
    """An annotator's word on a solution: its first wrong step from 0, or `NONE_WRONG`."""

    problem_id: str
    solution_index: int
    first_wrong_step: int
    annotator: str

    @property
    def key(self) -> tuple[str, int, str]:
        """One annotator has one label of a solution."""
        return self.problem_id, self.solution_index, self.annotator


def read_step_labels(run: RunFolder) -> list[StepLabel]:
    """A run's labels; none where it has no such file. Raises `DataError` with file and line."""
    path = run.path / FILE
    if not path.is_file():
        return []
    return [_label(row, f"{path}:{line}") for line, row in read_lines(path)]


def write_step_labels(run: RunFolder, labels: Iterable[StepLabel]) -> list[StepLabel]:
    """Add labels to a run; of those of one annotator on one solution the last one stays."""
    kept = {label.key: label for label in (*read_step_labels(run), *labels)}
    found = [kept[key] for key in sorted(kept)]
    lines = [json.dumps(asdict(label), ensure_ascii=False) for label in found]
    write_text(run.path / FILE, "".join(f"{line}\n" for line in lines))
    return found


def agreed(labels: Iterable[StepLabel]) -> dict[tuple[str, int], int]:
    """By problem and solution, the first wrong step where all its annotators say the same."""
    said: dict[tuple[str, int], set[int]] = {}
    for label in labels:
        said.setdefault((label.problem_id, label.solution_index), set()).add(label.first_wrong_step)
    return {key: min(steps) for key, steps in said.items() if len(steps) == 1}


def read_lines(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The JSON objects of a file with their line numbers; blank lines are passed over.

    Raises `DataError` with file and line.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, _object(line, f"{path}:{number}")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"can't read {path}: {error}") from error


def _object(line: str, where: str) -> Mapping[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: no JSON: {error}") from None
    if not isinstance(found, dict):
        raise DataError(f"{where}: must be an object {{...}}, one a line")
    return found


def _label(row: Mapping[str, Any], where: str) -> StepLabel:
    return StepLabel(
        text_of(row, "problem_id", where),
        whole_of(row, "solution_index", where),
        whole_of(row, "first_wrong_step", where),
        text_of(row, "annotator", where),
    )


def text_of(row: Mapping[str, Any], key: str, where: str) -> str:
    """A key's text, not blank. Raises `DataError`."""
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        raise DataError(f"{where}: {key} must be a text, not {json.dumps(value)[:40]}")
    return value


def whole_of(row: Mapping[str, Any], key: str, where: str) -> int:
    """A key's whole number, at least -1. Raises `DataError`."""
    value = row.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not -1 <= value < 2**31:
        raise DataError(f"{where}: {key} must be a whole number, not {json.dumps(value)[:40]}")
    return value
