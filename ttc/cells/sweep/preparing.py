"""From a command line to cells: which sweep is meant, and how its cells stood before."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import ttc
from ttc.cells.sweep.cells import Cells, cells_again, cells_of
from ttc.cells.sweep.file import is_sweep, read_sweep
from ttc.cells.sweep.options import grid_axes, shared_settings
from ttc.cells.sweep.spec import Spec
from ttc.errors import DataError, RecipeError, UsageError
from ttc.listing import found_below
from ttc.shipped import shipped_files, shipped_sweeps
from ttc.store.sweeps import (
    FOLDER,
    STATE_NAME,
    SweepState,
    find_sweep,
    read_sweep_state,
    results_of,
)
from ttc.words import FOLDER_NAME

_RESULTS = Path("results")


@dataclass(frozen=True)
class Asked:
    """A command line of `ttc sweep`. words: a sweep's file, or recipes; with resume, a sweep."""

    words: tuple[str, ...]
    grid: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    name: str | None = None
    results: Path | None = None
    resume: bool = False


@dataclass(frozen=True)
class Prepared:
    """A sweep that may start. state: with what is known of its cells from before; left: cells that
    it had then and has no longer, whose runs stay.
    """

    cells: Cells
    folder: Path
    state: SweepState
    left: int


def prepare(asked: Asked) -> Prepared:
    """Read a sweep and validate all its cells. Writes nothing.

    Raises `RecipeError` with all that is wrong, one line each, and `UsageError` or `DataError` for
    a sweep to go on with that is not there.
    """
    folder = _begun(asked) if asked.resume else None
    if folder is not None:
        if asked.grid or asked.overrides or asked.name:
            raise UsageError(
                f"--resume goes on with {folder.name} as it is: leave out --grid, --set and --name"
            )
        earlier = read_sweep_state(folder)
        cells = cells_again(earlier.cells, earlier.keys, results_of(folder))
        return Prepared(cells, folder, _merged(earlier.name, cells, earlier), 0)
    spec, cells = _read(asked)
    name = asked.name or spec.name or cells.called
    if len(name) > 100 or not re.fullmatch(FOLDER_NAME, name):
        raise UsageError(f"a sweep can't be called {name!r}: letters, digits, _, . and - only")
    folder = cells.results / FOLDER / name
    known = read_sweep_state(folder) if (folder / STATE_NAME).is_file() else None
    kept = {(cell.cell.recipe, cell.cell.overrides) for cell in cells.cells}
    cells_before = [] if known is None else known.cells
    left = [cell for cell in cells_before if (cell.recipe, cell.overrides) not in kept]
    return Prepared(cells, folder, _merged(name, cells, known), len(left))


def _begun(asked: Asked) -> Path | None:
    """The folder of the sweep to go on with; None where files say what it is."""
    if len(asked.words) != 1:
        return None
    (word,) = asked.words
    folder = find_sweep(word, asked.results or _RESULTS)
    if folder is None and not _is_file(word) and word not in shipped_sweeps():
        root = asked.results or _RESULTS
        there = sorted(path.parent.name for path in found_below(root / FOLDER, f"*/{STATE_NAME}"))
        known = f"; there are {', '.join(there)}" if there else f"; there is none in {root}"
        raise DataError(f"no sweep {word!r} to go on with{known}")
    return folder


def _read(asked: Asked) -> tuple[Spec, Cells]:
    """The sweep with its cells. Raises `RecipeError` for options, file and cells together."""
    axes, faults = grid_axes(asked.grid)
    shared, more = shared_settings(asked.overrides)
    faults += more
    try:
        spec = _named(asked).with_options(shared, axes)
        cells = cells_of(spec, asked.results)
    except RecipeError as error:
        raise RecipeError("\n".join([*faults, str(error)])) from None
    if faults:
        raise RecipeError("\n".join(faults))
    return spec, cells


def _named(asked: Asked) -> Spec:
    """A sweep's file, or recipes."""
    for word in asked.words:
        if not _is_file(word) and word not in shipped_files():
            begun = find_sweep(word, asked.results or _RESULTS)
            if begun is not None:
                raise RecipeError(f"{word}: a sweep that was begun; go on with it by --resume")
    files = {word: _file(word) for word in asked.words}
    sweeps = [word for word, path in files.items() if is_sweep(path)]
    if not sweeps:
        return Spec(tuple((word, "") for word in asked.words))
    if len(asked.words) > 1:
        raise RecipeError(f"{sweeps[0]} is a sweep, which names its recipes; name it alone")
    return read_sweep(files[sweeps[0]])


def _file(word: str) -> Path:
    return Path(word) if _is_file(word) else shipped_sweeps().get(word, Path(word))


def _is_file(word: str) -> bool:
    try:
        return Path(word).is_file()
    except (OSError, ValueError):  # a name too long, or with a NUL
        return False


def _merged(name: str, cells: Cells, earlier: SweepState | None) -> SweepState:
    """The cells as they are now, with how those stood that were there before."""
    cells_before = () if earlier is None else earlier.cells
    known = {(cell.recipe, cell.overrides): cell for cell in cells_before}
    state = SweepState(name=name, keys=cells.keys, ttc_version=ttc.__version__)
    if earlier is not None:
        state.engine, state.jobs = earlier.engine, earlier.jobs
        state.changed = earlier.changed
    for cell in cells.cells:
        now = cell.state()
        before = known.get((now.recipe, now.overrides))
        if before is not None:
            told = {key: getattr(before, key) for key in ("status", "code", "words", "ended")}
            now = now.model_copy(update=told)
        state.cells.append(now)
    return state
