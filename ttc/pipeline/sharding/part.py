"""Which of a run's problems a process goes through: all of them, or those of a shard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ttc.core import Problem
from ttc.core.shard import Shard
from ttc.engine.engine import PartOf
from ttc.store.manifest import ShardNote
from ttc.store.run_folder import RunFolder


@dataclass(frozen=True, slots=True)
class Part:
    """problems: those to go through; places: where in the dataset each stands, from 0; whole: how
    many the dataset has.
    """

    problems: Sequence[Problem]
    places: Sequence[int]
    whole: int
    shard: Shard | None

    @classmethod
    def of(cls, problems: Sequence[Problem], shard: Shard | None) -> Part:
        """What a shard has of a dataset, which may be nothing; all without one."""
        places = range(len(problems))
        if shard is None:
            return cls(problems, places, len(problems), None)
        return cls(shard.take(problems), shard.take(places), len(problems), shard)

    @property
    def note(self) -> ShardNote | None:
        """For the manifest."""
        if self.shard is None:
            return None
        return ShardNote(number=self.shard.number, of=self.shard.of, problems=self.whole)

    def part_of(self, run: RunFolder) -> PartOf | None:
        """For the engine. run: the folder of the shard."""
        return None if self.shard is None else PartOf(run.whole.name, self.whole)
