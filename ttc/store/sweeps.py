"""Sweeps on disk, `results/sweeps/<name>/sweep.json`, and the runs that their names stand for."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ttc.errors import DataError
from ttc.redact import redact_all
from ttc.store.atomic import write_text
from ttc.store.run_folder import RunFolder, list_runs
from ttc.visible import visible_json
from ttc.words import FOLDER_NAME

_log = logging.getLogger(__name__)
FOLDER, STATE_NAME = "sweeps", "sweep.json"
CellStatus = Literal["waiting", "complete", "failed"]


class CellState(BaseModel):
    """A cell of a sweep. run: its run's folder below the results; keys: what it has of each swept
    key; name: by what it differs from the others; words: why it failed; seconds: how long it took.
    """

    model_config = ConfigDict(extra="ignore")

    name: str
    recipe: str
    overrides: tuple[str, ...] = ()
    keys: dict[str, Any] = Field(default_factory=dict)
    run: str = Field(pattern=f"^{FOLDER_NAME}/{FOLDER_NAME}$")
    status: CellStatus = "waiting"
    code: int | None = None
    words: str = ""
    ended: datetime | None = None

    def alone(self, results: str) -> list[str]:
        """The words of the command that repeats it by itself."""
        changes = [word for one in self.overrides for word in ("--set", one)]
        return ["ttc", "run", self.recipe, *changes, "--results", results]


class SweepState(BaseModel):
    """A sweep: its cells in their order, and how each stands. engine, jobs: as it was run last;
    jobs is 0 where nobody said how many, which is what an engine has, and one of `local`.
    """

    model_config = ConfigDict(extra="ignore")

    format: Literal[1] = 1
    name: str
    ttc_version: str = ""
    changed: datetime = Field(default_factory=lambda: datetime.now(UTC))
    engine: str = "local"
    jobs: int = 0
    keys: tuple[str, ...] = ()
    cells: list[CellState] = Field(default_factory=list)

    def count(self, status: CellStatus) -> int:
        """Cells that stand so."""
        return sum(cell.status == status for cell in self.cells)

    def failed(self) -> list[CellState]:
        """Those that failed, in their order."""
        return [cell for cell in self.cells if cell.status == "failed"]

    def write(self, folder: Path) -> None:
        """Write `sweep.json`, atomically, without anything that is known to be a key."""
        self.changed = datetime.now(UTC)
        plain = redact_all(json.loads(self.model_dump_json()))
        text = visible_json(json.dumps(plain, indent=1, ensure_ascii=False))
        write_text(folder / STATE_NAME, text + "\n")


def read_sweep_state(folder: Path) -> SweepState:
    """The sweep in a folder. Raises `DataError` where there is none that can be read."""
    path = folder / STATE_NAME
    try:
        return SweepState.model_validate_json(path.read_bytes())
    except OSError as error:
        raise DataError(f"can't read {path}: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise DataError(
            f"{path} is no sweep of this version of ttc: {where}: {first['msg']}"
        ) from None


def find_sweep(word: str, root: Path) -> Path | None:
    """The folder of the sweep that a person means: by its path, or by its name below `root`."""
    if not word.strip():
        return None
    try:
        for place in (Path(word), root / word, root / FOLDER / word):
            folder = place.parent if place.name == STATE_NAME else place
            if (folder / STATE_NAME).is_file():
                return folder
    except (OSError, ValueError):  # a name too long, or with a NUL
        pass
    return None


def sweep_of(words: Sequence[str], root: Path) -> Path | None:
    """The folder of the one sweep that stands for all runs of a command; None for other words."""
    return _meant(words[0], root) if len(words) == 1 else None


def with_sweeps(words: Sequence[str], root: Path) -> list[str]:
    """The words with the folders of its runs in place of each sweep; a recipe's name goes first.

    Raises `DataError` for a sweep that has no run yet.
    """
    found: list[str] = []
    for word in words:
        folder = _meant(word, root)
        found += [word] if folder is None else runs_of(folder)
    return found


def runs_of(folder: Path) -> list[str]:
    """The folders of a sweep's runs that have tables, in the order of its cells, each once."""
    state = read_sweep_state(folder)
    runs = [RunFolder(results_of(folder) / cell.run) for cell in state.cells]
    there = [run for run in runs if run.exists() and run.has_tables()]
    if not there:
        raise DataError(
            f"none of the {len(runs)} cells of {folder} has a run yet; ttc sweep --resume"
        )
    if len(there) < len(runs):
        missing = f"{len(runs) - len(there)} of {len(runs)} cells have no samples yet"
        _log.warning("%s: %s; they are left out", folder, missing)
    return list(dict.fromkeys(str(run.path) for run in there))


def results_of(folder: Path) -> Path:
    """The folder of results that a sweep's folder lies in."""
    return folder.parent.parent


def _meant(word: str, root: Path) -> Path | None:
    folder = find_sweep(word, root)
    if folder is None or folder in (Path(word), root / word):
        return folder
    recipes = root / word
    return None if recipes.is_dir() and list_runs(recipes) else folder
