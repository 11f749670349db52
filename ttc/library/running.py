"""Recipes run from Python."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, TypeVar

from ttc.library.loaded import Run
from ttc.pipeline.signals import Stop, stopping

if TYPE_CHECKING:
    from ttc.recipe import Recipe

T = TypeVar("T")


def run(
    recipe: str | PathLike[str] | Mapping[str, Any] | Recipe,
    overrides: Mapping[str, Any] | Sequence[str] = (),
    *,
    results: str | PathLike[str] | None = None,
    progress: bool = False,
) -> Run:
    """Run a recipe within its budget, as `ttc run`, and load the run.

    recipe: a file, the name of a shipped recipe, or the recipe itself as a mapping. overrides: of
    its keys, `{"sampler.temperature": 0.6}` or `["sampler.temperature=0.6"]`; results: the folder
    of all results. A run that was stopped goes on where it was; a finished one is only loaded.
    Nothing is printed but warnings, unless progress is asked for.

    Raises `ttc.TtcError` with what is wrong and how to mend it, and `KeyboardInterrupt` for Ctrl-C:
    calls under way are kept first, which are paid for, and the next try goes on from there; a
    second Ctrl-C does not wait for them. Works in notebooks, whose event loop runs already.

        >>> small = {"dataset.problems": 8, "sampler.solutions": 4, "verifiers.0.verifications": 2}
        >>> run = ttc.run("quickstart", small)
        >>> run.recipe["sampler"]["solutions"]
        4
    """
    from ttc.pipeline.run import run_recipe
    from ttc.report.progress import show_progress

    loaded = _load(recipe, _texts(overrides, results))
    shown = (lambda monitor: show_progress(monitor.status, plain=False)) if progress else None
    outcome = _finished(lambda stop: run_recipe(loaded, shown, stop))
    return Run(outcome.run)


def _load(recipe: str | PathLike[str] | Mapping[str, Any] | Recipe, changes: list[str]) -> Recipe:
    from ttc.recipe import Recipe, load_recipe, resolve
    from ttc.recipe.load import recipe_of

    if isinstance(recipe, Recipe):
        return recipe_of(resolve(recipe), changes) if changes else recipe
    if isinstance(recipe, Mapping):
        return recipe_of(recipe, changes)
    return load_recipe(fspath(recipe), changes)


def _texts(
    overrides: Mapping[str, Any] | Sequence[str], results: str | PathLike[str] | None
) -> list[str]:
    """Overrides as `--set` has them; values as JSON, which is YAML."""
    from ttc.recipe.load import plain_data

    if isinstance(overrides, str):
        raise TypeError("overrides: a mapping of keys to values, or a list of 'key=value' texts")
    texts = [] if isinstance(overrides, Mapping) else list(overrides)
    pairs = dict(overrides) if isinstance(overrides, Mapping) else {}
    if results is not None:
        pairs["results"] = fspath(results)
    for key, value in pairs.items():
        texts.append(f"{key}={json.dumps(plain_data(value), ensure_ascii=False)}")
    return texts


def _finished(work: Callable[[Stop | None], T]) -> T:
    """What work returns. Where an event loop runs in this thread, as in a notebook, it gets a
    thread of its own, and signals, which come to this one, are handed on to it.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work(None)
    outcome: Future[T] = Future()

    def beside(stop: Stop) -> None:
        try:
            outcome.set_result(work(stop))
        except BaseException as error:
            outcome.set_exception(error)

    with stopping() as stop:
        thread = threading.Thread(target=beside, args=(stop,), name="ttc-run")
        thread.start()
        while thread.is_alive():
            try:
                thread.join()
            except KeyboardInterrupt:
                stop.ask()
    if stop.asked and outcome.exception() is None:
        raise KeyboardInterrupt("Interrupted while the run was being evaluated; it is complete.")
    return outcome.result()
