"""Which problems several runs have in common, and what is said where that is not all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ttc.errors import DataError
from ttc.store.pool import require_same_dataset
from ttc.store.rows import read_problems
from ttc.store.run_folder import RunFolder
from ttc.words import counted


def shared_problems(runs: Sequence[RunFolder], common: bool) -> frozenset[str] | None:
    """The problems that runs have alike: by name, question and answer; None for all.

    Raises `DataError` for runs of different data sets, unless these are to be compared on what they
    have in `common`, and where that is nothing.
    """
    if len(runs) < 2:
        return None
    if not common:
        try:
            require_same_dataset(runs)
        except DataError as error:
            raise DataError(f"{error}; --common compares them on those that are the same") from None
        return None
    known = [
        {one.id: (one.question, one.answer) for one in read_problems(run.problems)} for run in runs
    ]
    first, *others = known
    found = frozenset(
        name for name, text in first.items() if all(one.get(name) == text for one in others)
    )
    if not found:
        raise DataError("no problem is in all of these runs with the same question and answer")
    return found


def in_all(ids: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Problems that all have, in the order of the first. Raises `DataError` where there is none."""
    if not ids:
        raise DataError("none of the runs has anything to compare; ttc curves shows what they have")
    shared = set(ids[0]).intersection(*ids)
    if not shared:
        raise DataError("no problem has samples in all of these runs")
    return tuple(name for name in ids[0] if name in shared)


def left_out(common: Sequence[str], by_name: Mapping[str, Sequence[str]]) -> list[str]:
    """What to say of problems that some runs have samples of and others have not."""
    every = {one for ids in by_name.values() for one in ids}
    missing = every - set(common)
    if not missing:
        return []
    lacking = {name: len(missing - set(ids)) for name, ids in by_name.items()}
    who = ", ".join(f"{name} ({n})" for name, n in lacking.items() if n)
    return [
        f"left out: {counted(len(missing), 'problem')} that not all have samples or verdicts of; "
        f"lacking in {who}"
    ]
