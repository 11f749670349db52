"""All runs below a folder of results: how each stands, what it reached, what it spent, and in which
keys their recipes differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ttc.errors import DataError
from ttc.pipeline.facts import curve_rows, headline, spent
from ttc.pipeline.sharding.manifests import merged_ledger
from ttc.recipe.differences import differences
from ttc.store.manifest import Manifest
from ttc.store.read_status import look
from ttc.store.run_folder import RunFolder, list_runs
from ttc.store.shard_folders import shards_of
from ttc.store.shard_status import shards_in_words

DAMAGED = "damaged"
_TOLD = ("policy", "verifier", "S", "V", "success", "ci_low", "ci_high", "n_problems")


@dataclass(frozen=True)
class RunRow:
    """One run. state: that of `ttc status`, or damaged; best: the row of its curves with the best
    policy at its most solutions and verifications, None without curves; differs: keys of its recipe
    that other runs have otherwise; note: what is wrong with it.
    """

    run: RunFolder
    state: str
    alive: bool
    started: datetime | None
    ended: datetime | None
    best: Mapping[str, Any] | None
    spent: Mapping[str, float]
    differs: Mapping[str, Any]
    note: str = ""

    def as_row(self) -> dict[str, Any]:
        """A flat row but for `differs`; the same keys for every run, None for what it has not."""
        best = self.best or {}
        return {
            "run": self.run.name,
            "recipe": self.run.recipe_name,
            "run_id": self.run.run_id,
            "path": str(self.run.path),
            "state": self.state,
            "alive": self.alive,
            "started": None if self.started is None else self.started.isoformat(),
            "ended": None if self.ended is None else self.ended.isoformat(),
            **{name: best.get(name) for name in _TOLD},
            **{name: self.spent.get(name) for name in ("samples", "tokens", "flops", "usd")},
            "note": self.note,
            "differs": dict(self.differs),
        }


@dataclass(frozen=True)
class Overview:
    """runs: the latest first; common: what all recipes have alike, by dotted key."""

    root: Path
    runs: tuple[RunRow, ...]
    common: Mapping[str, Any]

    @property
    def keys(self) -> list[str]:
        """Keys of recipes that differ, those first in which runs of one recipe's name do."""
        every = list(dict.fromkeys(key for one in self.runs for key in one.differs))
        own = {key for key in every if self._within_a_recipe(key)}
        return sorted(every, key=lambda key: key not in own)

    def _within_a_recipe(self, key: str) -> bool:
        values: dict[str, set[str]] = {}
        for one in self.runs:
            if key in one.differs:
                values.setdefault(one.run.recipe_name, set()).add(repr(one.differs[key]))
        return any(len(each) > 1 for each in values.values())

    def flat_rows(self) -> list[dict[str, Any]]:
        """Rows without anything inside: a column `recipe.KEY` for each key that differs."""
        keys = self.keys
        return [
            {name: value for name, value in one.as_row().items() if name != "differs"}
            | {f"recipe.{key}": one.differs.get(key) for key in keys}
            for one in self.runs
        ]


def overview(root: Path, patterns: Sequence[str] = ()) -> Overview:
    """The runs below a folder of results; of those that patterns are given for (`*` stands for
    anything in a recipe's name or `recipe/id`), the ones that fit any.

    A run that can't be read is a row that says so. Raises `DataError` where there is no run.
    """
    if not root.is_dir():
        raise DataError(f"there is no folder {root}; ttc run writes one, --results names another")
    found = [run for run in reversed(list_runs(root, unmerged=True)) if _fits(run, patterns)]
    if not found:
        which = f" that fits {', '.join(map(repr, patterns))}" if patterns else ""
        raise DataError(f"there is no run in {root}{which}")
    manifests = {run: _manifest(run) for run in found}
    recipes = {
        run.name: {**one.recipe, **_source(one), "seed": one.seed}
        for run, one in manifests.items()
        if isinstance(one, Manifest)
    }
    common, each = differences(recipes)
    common = {key: value for key, value in common.items() if not key.startswith("source.")}
    rows = [_row(run, one, each.get(run.name, {})) for run, one in manifests.items()]
    return Overview(root, tuple(rows), common)


def _source(manifest: Manifest) -> dict[str, Any]:
    """What tells imported samples apart that no recipe was written for."""
    known = {"file": manifest.source.get("file"), "format": manifest.source.get("layout")}
    told = {key: value for key, value in known.items() if value}
    return {"source": told} if manifest.status == "imported" and told else {}


def _fits(run: RunFolder, patterns: Sequence[str]) -> bool:
    names = run.recipe_name, run.name, run.run_id
    return not patterns or any(fnmatchcase(name, word) for name in names for word in patterns)


def _manifest(run: RunFolder) -> Manifest | str:
    """What it was, or what is wrong with it; of a run in shards, what all of them were so far."""
    try:
        shards = {} if run.exists() else shards_of(run)
        manifests = [one.manifest() for one in shards.values()]
    except DataError as error:
        return str(error)
    if manifests:
        whole = manifests[0].model_copy()
        whole.started = min(one.started for one in manifests)
        whole.ended = None
        whole.ledger = merged_ledger([one.ledger for one in manifests])
        return whole
    try:
        return run.manifest()
    except DataError as error:
        return str(error)


def _row(run: RunFolder, manifest: Manifest | str, differs: Mapping[str, Any]) -> RunRow:
    if isinstance(manifest, str):
        return RunRow(run, DAMAGED, False, None, None, None, {}, {}, manifest)
    try:
        status, alive = look(run)
        state, best = str(status.state), headline(curve_rows(run))
        note = "" if run.exists() else shards_in_words(status.shards)
    except DataError as error:
        state, alive, best, note = DAMAGED, False, None, str(error)
    times = manifest.started, manifest.ended
    return RunRow(run, state, alive, *times, best, spent(manifest), differs, note)
