"""Facts and texts of problems, a few problems a chunk, so that a page unpacks what is looked at."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ttc.errors import UsageError
from ttc.report.html.pack import as_json, packed
from ttc.report.html.problems import ProblemPage, Text

_CHUNK = 96 * 1024
_MARGIN = 0.98
_TRIES = 6


@dataclass(frozen=True)
class Kept:
    """A problem as it goes into a page: its facts as JSON, and its texts, the most wanted first."""

    facts: str
    texts: tuple[Text, ...]

    @classmethod
    def of(cls, page: ProblemPage, seed: int = 0) -> Kept:
        """Texts that are wanted alike come in random order, so that those that fit are a sample."""
        order = list(page.texts)
        random.Random(f"{seed} {page.data['id']}").shuffle(order)
        order.sort(key=lambda text: text.rank)
        return cls(as_json(page.data), tuple(order))

    def within(self, share: float) -> dict[str, str]:
        """The first texts that make up so much of all characters."""
        if share >= 1:
            return {one.key: one.text for one in self.texts}
        room = share * sum(len(one.text) for one in self.texts)
        kept = {}
        for one in self.texts:
            room -= len(one.text)
            if room < 0:
                break
            kept[one.key] = one.text
        return kept


@dataclass(frozen=True)
class Chunks:
    """packed: chunks; place: of each problem, its chunk and its place in it. texts, left_out: how
    many texts there are, and how many of these had no room.
    """

    packed: list[str]
    place: list[tuple[int, int]]
    texts: int
    left_out: int

    @property
    def size(self) -> int:
        return sum(map(len, self.packed))


def chunks(problems: Sequence[Kept], share: float = 1.0) -> Chunks:
    """share: of the characters of each problem's texts that are kept."""
    made: list[str] = []
    place: list[tuple[int, int]] = []
    open_: list[str] = []
    size, kept = 0, 0
    for one in problems:
        texts = one.within(share)
        kept += len(texts)
        open_.append(f"[{one.facts},{as_json(texts)}]")
        place.append((len(made), len(open_) - 1))
        size += len(open_[-1])
        if size >= _CHUNK:
            made.append(packed(f"[{','.join(open_)}]"))
            open_, size = [], 0
    if open_:
        made.append(packed(f"[{','.join(open_)}]"))
    total = sum(len(one.texts) for one in problems)
    return Chunks(made, place, total, total - kept)


def fitting(runs: Sequence[Sequence[Kept]], room: int | None) -> list[Chunks]:
    """Chunks of each run that take at most so many bytes together; None: all there is.

    Texts are left out alike of every problem until the rest fits. Raises `UsageError` where not
    even the facts do.
    """
    whole = [chunks(one) for one in runs]
    if room is None or _size(whole) <= room:
        return whole
    bare = [chunks(one, 0.0) for one in runs]
    least = _size(bare)
    if least > room:
        raise UsageError(
            f"--max-size leaves {max(room, 0):,} bytes for problems, whose figures alone take "
            f"{least:,}: raise it"
        )
    found, share = bare, 1.0
    for share in _shares(room - least, _size(whole) - least):
        found = [chunks(one, share) for one in runs]
        if _size(found) <= room:
            return found
    return bare


def _shares(room: int, wanted: int) -> Iterator[float]:
    """Shares of the texts to try, the first as if all of them packed alike."""
    share = _MARGIN * room / wanted
    for _ in range(_TRIES):
        yield share
        share *= 0.8


def _size(made: Sequence[Chunks]) -> int:
    return sum(one.size for one in made)


def parse_size(text: str) -> int:
    """Bytes of `500kB`, `20MB` or a number. Raises `UsageError`."""
    units = {"gb": 10**9, "mb": 10**6, "kb": 10**3, "b": 1, "": 1}
    number = text.strip().lower()
    unit = next(name for name in units if number.endswith(name))
    try:
        value = float(number.removesuffix(unit)) * units[unit]
    except ValueError:
        value = math.nan
    if not (1 <= value < 2**53):
        raise UsageError(f"--max-size {text}: expected a size such as 500kB or 20MB")
    return int(value)
