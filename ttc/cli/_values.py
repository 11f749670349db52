"""Values of options: lists such as `--k 1,2 --k 4`, words out of some, pairs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from ttc.errors import UsageError

if TYPE_CHECKING:
    from ttc.core.shard import Shard


def whole_numbers(given: Sequence[str] | None, option: str) -> tuple[int, ...] | None:
    """Numbers from 1, ascending, each once; None where the option was not given."""
    if given is None:
        return None
    found = set()
    for word in words(given):
        if not (word.isascii() and word.isdecimal()) or not 1 <= int(word[:10]) < 2**31:
            raise UsageError(f"{option} {word}: expected a whole number from 1")
        found.add(int(word))
    if not found:
        raise UsageError(f"{option}: expected whole numbers, such as 1,2,4")
    return tuple(sorted(found))


def names(given: Sequence[str], known: Collection[str], option: str) -> tuple[str, ...]:
    """Names out of those known, each once."""
    found = tuple(dict.fromkeys(word.lower() for word in words(given)))
    for word in found:
        if word not in known:
            raise UsageError(f"{option} {word}: choose of {', '.join(known)}")
    return found


def words(given: Sequence[str]) -> list[str]:
    """The words of an option that was given once or more, split at commas."""
    return [word.strip() for part in given for word in part.split(",") if word.strip()]


_ENDINGS = (
    *(".html", ".htm", ".csv", ".tsv", ".json", ".jsonl", ".png", ".svg", ".pdf", ".parquet"),
    *(".md", ".txt", ".zip", ".xlsx", ".yaml", ".yml"),
)


ONE_FILE = "a run is a folder; ttc export RUN --to FILE.zip makes one file of it"
ANALYSIS = "an analysis has several files; ttc report RUN --out FILE writes one HTML file"


def folder_of(path: Path | None, option: str, one_file: str) -> Path | None:
    """A folder to write into. one_file: which command writes one file instead.

    Raises `UsageError` for what is a file, or is called like one and is no folder yet.
    """
    if path is None or path.is_dir():
        return path
    if path.exists() or path.suffix.lower() in _ENDINGS:
        raise UsageError(f"{option} {path}: {option} names a folder; {one_file}")
    return path


def shard_of(word: str | None) -> Shard | None:
    """What `--shard 3/16` says. Raises `UsageError`."""
    from ttc.core.shard import Shard

    try:
        return None if word is None else Shard.parse(word)
    except ValueError as error:
        raise UsageError(f"--shard {error}") from None


def one_of(word: str, options: Any, option: str) -> Any:
    """The word, known to be among a sequence of words or those of a `Literal`."""
    known = get_args(options) or tuple(options)
    if word not in known:
        raise UsageError(f"{option} {word}: choose of {', '.join(known)}")
    return word


def pairs(given: Sequence[str] | None, option: str) -> dict[str, str]:
    """`NAME=VALUE` words as a dict; the last of equal names holds."""
    found = {}
    for text in given or ():
        name, equals, value = text.partition("=")
        if not equals or not name.strip() or not value:
            raise UsageError(f"{option} {text}: expected NAME=COLUMN")
        found[name.strip()] = value
    return found


def axis(unit: str | None, ratio: float | None, known: Sequence[str]) -> str | None:
    """The unit of compute; None: the run's usual one. Who says lambda asks for C, its axis."""
    if unit is None:
        return None if ratio is None else "c"
    return str(one_of(unit, known, "--unit"))


def amounts(given: Sequence[float] | None, option: str) -> tuple[float, ...]:
    """Amounts above 0, as given. Raises `UsageError`."""
    if not all(0 < amount < float("inf") for amount in given or ()):
        raise UsageError(f"{option}: expected an amount above 0")
    return tuple(given or ())


def scaled_amounts(given: Sequence[str] | None, option: str) -> tuple[float, ...]:
    """Amounts above 0, such as 800, 10k or 1.5M, ascending. Raises `UsageError`."""
    from ttc.words import scaled

    found = {text: scaled(text.strip()) for text in given or ()}
    for text, amount in found.items():
        if amount is None or amount <= 0:
            raise UsageError(f"{option} {text}: expected an amount above 0, such as 800 or 10k")
    return tuple(sorted({amount for amount in found.values() if amount is not None}))
