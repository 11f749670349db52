"""How a run is called in a command that a person is told to type."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ttc.errors import DataError
from ttc.store.run_folder import RunFolder, find_run, list_runs


def shortest_word(run: RunFolder, root: Path = Path("results")) -> str:
    """The shortest word by which a command finds just this run; not yet quoted for a shell.

    A folder of runs means its latest, so that it stands for a run only while it holds no other.
    root: where commands look that are given no `--results`; what lies elsewhere goes by its path.
    """
    return next(word for word in _words(run, root) if _finds(word, run, root))


def _words(run: RunFolder, root: Path) -> Iterator[str]:
    """From the shortest to the run's own path, which always finds it."""
    above = run.path.parent
    if above.resolve() == root.resolve():
        yield run.run_id
    else:
        alone = len(list_runs(above)) == 1
        yield from (run.recipe_name, run.name) if alone else (run.name,)
        if alone:
            yield str(above)
    yield str(run.path)


def _finds(word: str, run: RunFolder, root: Path) -> bool:
    if word == str(run.path):
        return True
    try:
        return find_run(word, root).path.resolve() == run.path.resolve()
    except DataError:
        return False
