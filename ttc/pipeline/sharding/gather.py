"""Which shards a person means, and where the run that is made of them goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ttc.core.shard import Shard
from ttc.errors import DataError
from ttc.store.run_folder import RunFolder, find_run, run_folder
from ttc.store.shard_folders import shard_of, shards_of


@dataclass(frozen=True, slots=True)
class Gathered:
    """run: where the whole run goes; shards: their folders by shard, of one number of shards; those
    of one shard are several where several hosts did it.
    """

    run: RunFolder
    shards: dict[Shard, list[RunFolder]]

    @property
    def of(self) -> int:
        """How many shards there should be."""
        return next(iter(self.shards)).of

    @property
    def folders(self) -> list[RunFolder]:
        """All of them."""
        return [one for each in self.shards.values() for one in each]


def gather(words: Sequence[str | Path], root: Path | None = None) -> Gathered:
    """The shards that are meant by folders of runs (all their shards) or of shards, by a recipe's
    name or a run's id.

    root: a folder of results; without one, words are looked up in `results`, and the run goes where
    its shards are or, where these are in several folders, into `results`.
    Raises `DataError` where there are none, or shards of several runs or numbers.
    """
    found: dict[Path, RunFolder] = {}
    for word in words:
        for one in _meant(word, root or Path("results")):
            found.setdefault(one.path.resolve(), one)
    if not found:
        raise DataError("none of these folders has a shard that was begun: ttc run RECIPE --shard")
    wholes = {one.whole.path.resolve(): one.whole for one in found.values()}
    names = {(one.recipe_name, one.run_id) for one in wholes.values()}
    if len(names) > 1:
        some, others, *_ = sorted("/".join(name) for name in names)
        raise DataError(f"these are shards of several runs, {some} and {others}: merge one's")
    first, *more = wholes.values()
    run = first
    if root is not None or more:
        run = run_folder(root or Path("results"), first.recipe_name, first.run_id)
    by_shard: dict[Shard, list[RunFolder]] = {}
    for one in found.values():
        by_shard.setdefault(_numbered(one), []).append(one)
    return Gathered(run, _of_one_number(by_shard, run))


def _meant(word: str | Path, root: Path) -> Iterator[RunFolder]:
    named = RunFolder(Path(word))
    if named.shard and named.path.is_dir() and not named.exists():
        return  # stopped before it had its problems: it will be told as missing
    folder = find_run(word, root, begun=True, unmerged=True)
    if folder.shard:
        yield folder
        return
    shards = shards_of(folder)
    if not shards:
        raise DataError(
            f"{folder.path} has no shards; ttc run RECIPE --shard 1/4 makes one, and ttc compare "
            "sets whole runs beside each other"
        )
    yield from shards.values()


def _numbered(folder: RunFolder) -> Shard:
    shard = shard_of(folder)
    if shard is None:
        raise DataError(f"{folder.path} is not called as a shard is, such as 03-of-16")
    return shard


def _of_one_number(
    found: dict[Shard, list[RunFolder]], run: RunFolder
) -> dict[Shard, list[RunFolder]]:
    """Those of one number of shards: of several, the one of which there are all."""
    numbers = sorted({shard.of for shard in found})
    whole = [of for of in numbers if sum(shard.of == of for shard in found) == of]
    if len(numbers) > 1 and len(whole) != 1:
        told = " and ".join(f"of {of}" for of in numbers)
        raise DataError(
            f"{run.name} has shards {told}: name the folders of those that are to be merged, such "
            f"as {run.path}/shards/*-of-{numbers[0]}"
        )
    of = whole[0] if len(numbers) > 1 else numbers[0]
    shards = sorted((shard for shard in found if shard.of == of), key=lambda shard: shard.number)
    return {shard: found[shard] for shard in shards}
