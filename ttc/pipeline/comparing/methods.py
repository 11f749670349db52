"""The rows of a comparison: methods of runs, by what differs in their recipes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ttc.analysis.estimate import FloatArray
from ttc.pipeline.comparing.evaluated import Evaluated
from ttc.pipeline.comparing.wanted import By
from ttc.pipeline.curves import Row
from ttc.pipeline.naming import Tokens
from ttc.store.run_folder import RunFolder

VOTE = "vote"
_ANSWER = ""
_VOTING = ("first", "majority")
_NOBODY_CHOOSES = ("oracle",)
_OF_ALL = ("cost_p10", "cost_p90")  # quantiles, of which a mean would be none
_SPENT = (
    *("cost_c", "prompt_tokens", "completion_tokens", "tokens", "flops", "usd", "calls"),
    *("seconds", "latency"),
)


@dataclass(frozen=True)
class Method:
    """One row of a comparison. kind: `vote`, a verifier's or policy's label, or nothing where a
    sampler gives one answer, or a recipe does what it does best. rows: its cells, of the `curves`
    table; success: (problems, rows); runs: whose samples it is of; recipe: their place among the
    recipes; told: its size was told, so it has that one wherever it is compared.
    """

    name: str
    kind: str
    rows: Sequence[Row]
    success: FloatArray
    runs: tuple[RunFolder, ...]
    problem_ids: tuple[str, ...]
    recipe: int = 0
    told: bool = False

    @cached_property
    def sizes(self) -> tuple[tuple[int | None, int | None], ...]:
        """S and V of each cell, None for measured answers."""
        return tuple((row["S"], row["V"]) for row in self.rows)

    def costs(self, unit: str) -> FloatArray:
        """(rows,) mean compute per problem; NaN where nobody knows."""
        name = "cost_c" if unit == "c" else unit
        values = [row.get(name) for row in self.rows]
        return np.array([np.nan if one is None else one for one in values], dtype=np.float64)

    def take(self, places: Sequence[int]) -> Method:
        """Some of the cells."""
        rows = [self.rows[i] for i in places]
        return replace(self, rows=rows, success=self.success[:, list(places)])

    def same_samples(self, other: Method) -> bool:
        """Whether both say the same of every problem at every cell that both have, at one price:
        two runs that sampled the same.
        """
        mine = {_cell(row): i for i, row in enumerate(self.rows)}
        both = [(mine[_cell(row)], j) for j, row in enumerate(other.rows) if _cell(row) in mine]
        if len(both) < min(len(self.rows), len(other.rows)):
            return False
        a, b = (list(places) for places in zip(*both, strict=True))
        spent = all(
            np.allclose(self.costs(u)[a], other.costs(u)[b], equal_nan=True)
            for u in ("tokens", "flops", "usd")
        )
        return spent and bool(np.allclose(self.success[:, a], other.success[:, b]))


@dataclass(frozen=True)
class Recipe:
    """One recipe with all runs of it that are pooled. tokens: what differs from the others."""

    name: str
    tokens: Tokens
    runs: tuple[Evaluated, ...]


def recipe_methods(recipe: Recipe, place: int, common: Sequence[str], by: By) -> list[Method]:
    """The methods of a recipe, success averaged over its runs; named by their kind for now."""
    each = [dict(_of_run(one, common, by)) for one in recipe.runs]
    first = each[0]
    runs = tuple(one.run for one in recipe.runs)
    found = []
    for kind, (rows, success) in first.items():
        others = [one[kind] for one in each[1:] if kind in one]
        if len(others) < len(each) - 1:
            continue
        for more in others:
            rows, success = _both(rows, success, *more)
        mean = success / len(each)
        made = Method(kind, kind, _averaged(rows, len(each)), mean, runs, tuple(common), place)
        if made.rows:
            found.append(made)
    return found


def _of_run(
    one: Evaluated, common: Sequence[str], by: By
) -> Iterator[tuple[str, tuple[list[Row], FloatArray]]]:
    """By kind of method: cells, and (problems, cells) success."""
    rows: dict[str, list[Row]] = {}
    success: dict[str, list[FloatArray]] = {}
    for curves in one.parts:
        place = {name: i for i, name in enumerate(curves.problem_ids)}
        order = [place[name] for name in common]
        for i, row in enumerate(curves.rows):
            kind = _kind(row, by)
            if kind is not None:
                rows.setdefault(kind, []).append(row)
                success.setdefault(kind, []).append(curves.success[order, i])
    for kind, own in rows.items():
        yield kind, (own, np.stack(success[kind], axis=1))


def _kind(row: Row, by: By) -> str | None:
    """Whose cell a row is; None for those that nobody could choose."""
    policy, verifier = row["policy"], row["verifier"]
    if policy in _NOBODY_CHOOSES:
        return None
    if by == "recipe" or row["estimator"] == "measured":
        return _ANSWER
    if verifier is None:
        return VOTE if policy in _VOTING else str(policy) if by == "policy" else None
    return f"{policy} ({verifier})" if by == "policy" else str(verifier)


def _cell(row: Row) -> tuple[object, ...]:
    return row["policy"], row["verifier"], row["S"], row["V"], row.get("cap")


def _both(
    rows: list[Row], success: FloatArray, others: list[Row], more: FloatArray
) -> tuple[list[Row], FloatArray]:
    """Cells that two runs have, with what both spent and reached, summed up."""
    there = {_cell(row): i for i, row in enumerate(others)}
    pairs = [(i, there[_cell(row)]) for i, row in enumerate(rows) if _cell(row) in there]
    summed = []
    for i, j in pairs:
        spent = {
            name: None
            if rows[i].get(name) is None or others[j].get(name) is None
            else rows[i][name] + others[j][name]
            for name in _SPENT
        }
        summed.append({**rows[i], **spent})
    a, b = ([pair[k] for pair in pairs] for k in (0, 1))
    return summed, success[:, a] + more[:, b]


def _averaged(rows: Sequence[Row], count: int) -> list[Row]:
    """What summed cells cost on average."""
    if count == 1:
        return list(rows)
    nothing = dict.fromkeys(_OF_ALL)
    return [
        {**row, **nothing}
        | {name: row[name] / count for name in _SPENT if row.get(name) is not None}
        for row in rows
    ]


def methods_of(recipes: Sequence[Recipe], common: Sequence[str], by: By) -> list[Method]:
    """All rows: votes first, each other by its recipe and kind.

    Votes that are of the same samples are one row; other votes are named by their recipe, so that
    nobody takes one's for another's.
    """
    found = [
        method
        for i, recipe in enumerate(recipes)
        for method in recipe_methods(recipe, i, common, by)
    ]
    votes = _distinct([one for one in found if one.kind == VOTE])
    others = [one for one in found if one.kind != VOTE]
    alone = len({one.kind for one in found}) == 1 and len(recipes) > 1
    named = [_named_vote(group, recipes, len(votes), alone) for group in votes]
    named += [_named(one, others, recipes, len(votes), alone) for one in others]
    return _numbered(named)


def _distinct(votes: Sequence[Method]) -> list[list[Method]]:
    """Votes of the same samples together."""
    groups: list[list[Method]] = []
    for one in votes:
        same = next((group for group in groups if group[0].same_samples(one)), None)
        if same is None:
            groups.append([one])
        else:
            same.append(one)
    return groups


def _named_vote(
    group: Sequence[Method], recipes: Sequence[Recipe], votes: int, alone: bool
) -> Method:
    first = group[0]
    if votes == 1:
        return replace(first, name=VOTE)
    shared = dict(recipes[first.recipe].tokens)
    for one in group[1:]:
        other = recipes[one.recipe].tokens
        shared = {k: v for k, v in shared.items() if other.get(k) == v}
    shared = {k: v for k, v in shared.items() if k.partition(".")[0] != "verifiers"}
    name = ", ".join(shared.values()) or recipes[first.recipe].name
    return replace(first, name=name if alone else f"{name}, {VOTE}")


def _named(
    one: Method, others: Sequence[Method], recipes: Sequence[Recipe], votes: int, alone: bool
) -> Method:
    """By recipe and kind; by its kind alone where that tells which it is: all vote on the same
    samples, or recipes go by their own names.
    """
    recipe = recipes[one.recipe]
    if one.kind == _ANSWER or alone:
        return replace(one, name=recipe.name)
    unique = sum(other.kind == one.kind for other in others) == 1
    if unique and (votes == 1 or not any(recipe.tokens for recipe in recipes)):
        return replace(one, name=one.kind)
    return replace(one, name=f"{recipe.name}, {one.kind}")


def _numbered(methods: Sequence[Method]) -> list[Method]:
    """With each name once."""
    seen: dict[str, int] = {}
    found = []
    for one in methods:
        seen[one.name] = seen.get(one.name, 0) + 1
        again = seen[one.name]
        found.append(one if again == 1 else replace(one, name=f"{one.name} #{again}"))
    return found


def only_known(methods: Sequence[Method], unit: str) -> list[Method]:
    """The methods with those of their cells whose cost is known, as it is not of an answer that
    nobody waited for.
    """
    found = []
    for one in methods:
        known = np.flatnonzero(np.isfinite(one.costs(unit)) & (one.costs(unit) > 0))
        found.append(one.take(known.tolist()))
    return found
