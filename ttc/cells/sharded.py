"""A run done by its shards: each a cell, wherever an engine does cells, and merged at the end."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from signal import SIGINT

from ttc.budget.cost import UNITS
from ttc.cells.cell import Cell, Done
from ttc.cells.engines.base import Engine
from ttc.cells.engines.slurm import Planned, Slurm, Submitted, still_queued
from ttc.cells.engines.slurm_script import AtLast
from ttc.core.shard import Shard
from ttc.errors import Interrupted, TtcError
from ttc.listing import found_below
from ttc.pipeline.run import more_to_do, retries, run_recipe
from ttc.pipeline.sharding.merge import Merged, NothingYet, merge
from ttc.pipeline.signals import stopping
from ttc.recipe import Recipe, run_id
from ttc.store.run_folder import RunFolder, run_folder
from ttc.store.shard_folders import shard_folder
from ttc.words import counted

Told = Callable[[str], None]
"""Is told what happens, in sentences."""
_SHOWN = 5


@dataclass(frozen=True)
class Sharded:
    """A run in parts. whole: the cell that does it alone; of: how many parts."""

    recipe: Recipe
    whole: Cell
    of: int

    @property
    def run(self) -> RunFolder:
        """Where the run goes."""
        return run_folder(Path(self.recipe.results), self.recipe.name, run_id(self.recipe))

    @property
    def shares_a_budget(self) -> bool:
        """Whether shards have parts of a budget, and may leave some of it."""
        return any(getattr(self.recipe.budget.per_run, unit) for unit in UNITS)

    def complete(self) -> bool:
        """Whether the whole run is there, with nothing left to do."""
        return self.run.complete() and not more_to_do(self.recipe, self.run.manifest())

    def missing(self) -> list[Cell]:
        """Shards that are not done, as cells."""
        if self.run.complete() and not retries(self.recipe, self.run.manifest()):
            return []
        found = []
        for number in range(1, self.of + 1):
            shard = Shard(number, self.of)
            folder = shard_folder(self.run, shard)
            if not folder.complete() or retries(self.recipe, folder.manifest()):
                found.append(replace(self.whole, shard=shard))
        return found

    def do(self, engine: Engine, told: Told) -> Merged:
        """Do the missing shards, merge all, and deal out what they left of the run's budget.

        Raises `TtcError` where shards failed, once the others are done, and as `merge` does;
        `Interrupted` for Ctrl-C, once those under way have kept what they have.
        """
        cells = self.missing()
        if cells:
            told(f"{self.run.name}: {counted(len(cells), 'shard')} of {self.of} to do")
        if failed := self._run(cells, engine, told):
            raise TtcError(_failures(failed, self.of))
        try:
            merged = merge([self.run.path], Path(self.recipe.results), told)
        except NothingYet:  # the parts of the budget are too small for a sample, not the whole
            outcome = run_recipe(self.recipe)
            return Merged(outcome.run, outcome.manifest, True, self.of)
        if merged.manifest.second_pass:
            told("dealing out what the shards left of the run's budget")
            outcome = run_recipe(self.recipe)
            return replace(merged, manifest=outcome.manifest, fresh=True)
        return merged

    def _run(self, cells: Sequence[Cell], engine: Engine, told: Told) -> list[Done]:
        failed = []
        with stopping() as stop:
            try:
                with closing(engine.run(cells)) as endings:
                    for number, done in enumerate(endings, self.of - len(cells) + 1):
                        word = "done" if done.ok else f"failed: {done.words}"
                        told(f"shard {done.cell.shard} {word} ({number} of {self.of})")
                        failed += [] if done.ok else [done]
            except KeyboardInterrupt:
                raise Interrupted(
                    "Interrupted; shards keep what they have, and the same command goes on",
                    stop.signal or SIGINT,
                ) from None
        return failed

    def plan(self, slurm: Slurm) -> Planned:
        """What would be submitted to Slurm: an array of the missing shards, and their merge, which
        deals out what they left of the run's budget.
        """
        name = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
        merging = ["merge", str(self.run.path), "--results", self.recipe.results]
        last = AtLast(merging)
        if self.shares_a_budget:  # where nothing is left to deal out, the run is complete
            whole = [*self.whole.arguments(), "--plain"]
            last = AtLast(merging, whole, (0, NothingYet.exit_code))
        return slurm.plan(self.missing(), self._slurm / name, self.recipe.name, last)

    def submit(self, slurm: Slurm) -> Submitted:
        """Hand them to Slurm. Raises `TtcError` where it still has an earlier submission's."""
        for earlier in sorted(found_below(self._slurm, "*/")):
            if queued := still_queued(earlier):
                raise TtcError(
                    f"{self.run.name} is still in Slurm's queue as {queued}: look by squeue -j "
                    f"{queued}, take it out by scancel {queued.replace(',', ' ')}"
                )
        return slurm.submit(self.plan(slurm))

    @property
    def _slurm(self) -> Path:
        return self.run.path / "slurm"


def _failures(failed: Sequence[Done], of: int) -> str:
    lines = [f"shard {done.cell.shard}: {done.words}" for done in failed[:_SHOWN]]
    more = [f"and {len(failed) - _SHOWN} more"] if len(failed) > _SHOWN else []
    return "\n  ".join(
        [
            f"{len(failed)} of {of} shards failed; the same command does them again and merges",
            *lines,
            *more,
        ]
    )
