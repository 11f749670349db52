"""Labels that came with imported data beside our own judgement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ttc.store.run_folder import RunFolder
from ttc.store.tables import read_table
from ttc.words import counted


@dataclass(frozen=True)
class LabelComparison:
    """labels: solutions that came with a label. Where ours differs, solutions by problem:

    accepted: ours is right, the label wrong; refused: ours is wrong, the label right. All keyed by
    problem id, problems without a difference left out.
    """

    labels: int
    accepted: Mapping[str, tuple[int, ...]]
    refused: Mapping[str, tuple[int, ...]]

    @property
    def problems(self) -> list[str]:
        """Problems in which the two disagree."""
        return list(dict.fromkeys((*self.accepted, *self.refused)))

    @property
    def differ(self) -> int:
        """Solutions on which the two disagree."""
        return sum(len(n) for side in (self.accepted, self.refused) for n in side.values())


def compare_labels(run: RunFolder) -> LabelComparison:
    """Where imported labels and our judgement disagree. Reads no text.

    Our judgement is whether the answer's class is the gold answer's: also where an import was told
    to trust the labels, which then stand in `correct`.
    """
    gold_table = read_table(run.problems, "problems", ["problem_id", "gold_class"])
    gold = dict(
        zip(
            gold_table.column("problem_id").to_pylist(),
            gold_table.column("gold_class").to_pylist(),
            strict=True,
        )
    )
    columns = ["problem_id", "solution_index", "answer_class", "imported_correct"]
    table = read_table(run.solutions, "solutions", columns)
    import pyarrow.compute as pc

    table = table.filter(pc.is_valid(table.column("imported_correct")))
    names = np.asarray(table.column("problem_id").to_pylist(), dtype=object)
    given = table.column("imported_correct").to_numpy().astype(bool)
    classes = table.column("answer_class").to_numpy()
    right = np.array([gold.get(name, -1) for name in names], dtype=np.int64)
    ours = (classes >= 0) & (classes == right)
    numbers = table.column("solution_index").to_numpy()
    return LabelComparison(
        labels=len(names),
        accepted=_by_problem(names, numbers, ours & ~given),
        refused=_by_problem(names, numbers, ~ours & given),
    )


def _by_problem(
    names: NDArray[Any], numbers: NDArray[Any], chosen: NDArray[np.bool_]
) -> dict[str, tuple[int, ...]]:
    found: dict[str, list[int]] = {}
    for name, number in zip(names[chosen], numbers[chosen], strict=True):
        found.setdefault(str(name), []).append(int(number))
    return {name: tuple(sorted(listed)) for name, listed in found.items()}


def split_told(problems: int) -> str:
    """What is said of so many problems whose answer classes are split by label, as a clause."""
    return (
        f"in {counted(problems, 'problem')} labels disagree about equal answers, or call a "
        "solution without an answer right; there, votes count answers with their labels"
    )
