"""What a folder of runs is called after a source."""

from __future__ import annotations

from pathlib import Path

from ttc.errors import DataError


def default_name(source: Path) -> str:
    """A name for a folder of runs: a run's recipe's, else the source's own, less endings."""
    return _plain(_of_run(source) or _stem(source)) or "imported"


def _stem(source: Path) -> str:
    name = source.resolve().name
    return name if source.is_dir() else name.partition(".")[0]


def _of_run(source: Path) -> str | None:
    from ttc.importing.formats.run import name_of

    try:
        return name_of(source) if source.exists() else None
    except DataError:  # the import itself says what is wrong
        return None


def _plain(name: str) -> str:
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "_.-") else "_" for c in name)
    return plain.lstrip(".-")
