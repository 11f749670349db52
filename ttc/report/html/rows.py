"""A run's tables, problem by problem, each read once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ttc.report.judged import Judged, judged
from ttc.report.tree import COLUMNS
from ttc.store.columns import TableName
from ttc.store.rows import to_problem, to_solution, to_verification
from ttc.store.run_folder import RunFolder
from ttc.store.tables import read_table

if TYPE_CHECKING:
    import pyarrow as pa

    from ttc.core import Problem

Row = dict[str, Any]
_ANSWERS = ("problem_id", "repeat", "final", "solution_index")


@dataclass(frozen=True)
class _ByProblem:
    """A table, and where the rows of each problem are in it: starts and ends."""

    table: pa.Table
    places: dict[str, list[tuple[int, int]]]

    @classmethod
    def read(cls, run: RunFolder, name: TableName, columns: Sequence[str] | None) -> _ByProblem:
        path = run.table(name)
        if not path.is_file():
            return cls(None, {})
        table = read_table(path, name, columns)
        names = np.array(table.column("problem_id").cast("string").to_pylist(), dtype=object)
        if not len(names):
            return cls(table, {})
        ends = [*np.flatnonzero(names[1:] != names[:-1]) + 1, len(names)]
        places: dict[str, list[tuple[int, int]]] = {}
        for start, end in zip([0, *ends[:-1]], ends, strict=True):
            places.setdefault(names[start], []).append((int(start), int(end)))
        return cls(table, places)

    def of(self, problem_id: str) -> list[Row]:
        return [
            row
            for start, end in self.places.get(problem_id, ())
            for row in self.table.slice(start, end - start).to_pylist()
        ]


@dataclass(frozen=True)
class ProblemRows:
    """All that tables say of one problem. final: the answer of each attempt, a solution's index."""

    problem: Problem
    gold_class: int
    level: int | None
    solutions: list[Judged]
    samples: list[Row]
    final: dict[int, int] = field(default_factory=dict)


class RunRows:
    """Tables of a run. Raises `DataError` for missing or broken ones."""

    def __init__(self, run: RunFolder) -> None:
        problems = read_table(run.problems, "problems").to_pylist()
        self.problems: list[Row] = sorted(problems, key=lambda row: int(row["problem_index"]))
        self._solutions = _ByProblem.read(run, "solutions", None)
        self._verifications = _ByProblem.read(run, "verifications", None)
        self._answers = _ByProblem.read(run, "answers", _ANSWERS)
        # Draws that stand alone grow no tree.
        self._samples = _ByProblem.read(run, "samples", COLUMNS if self._answers.places else None)
        self.measured = self._answers.table is not None

    def of(self, row: Row) -> ProblemRows:
        """row: one of `problems`."""
        name = str(row["problem_id"])
        solutions = self._solutions.of(name)
        found = judged(
            [to_solution(one) for one in solutions],
            solutions,
            [to_verification(one) for one in self._verifications.of(name)],
        )
        return ProblemRows(
            to_problem(row),
            int(row["gold_class"]),
            row["level"],
            found,
            self._samples.of(name) if self.measured else [],
            {
                int(one["repeat"]): int(one["solution_index"])
                for one in self._answers.of(name)
                if one["final"]
            },
        )
