"""Run a recipe: collect within the budget, write the tables, evaluate the curves."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ttc.answers.unjudged import unjudged
from ttc.core import Problem
from ttc.core.shard import Shard
from ttc.engine.engine import Engine
from ttc.errors import BudgetExhausted, DataError, TtcError
from ttc.pipeline.attempt_rows import attempt_rows
from ttc.pipeline.code_changes import code_changes
from ttc.pipeline.collect import Attempted, ordered
from ttc.pipeline.evaluate import write_curves
from ttc.pipeline.journals import journal_of
from ttc.pipeline.monitor import Monitor
from ttc.pipeline.open_models import open_models
from ttc.pipeline.overdue import no_longer_than
from ttc.pipeline.recording import Recording, recorded
from ttc.pipeline.sharding.beside import require_alone, require_no_batches
from ttc.pipeline.sharding.part import Part
from ttc.pipeline.sharding.second_pass import require_bills
from ttc.pipeline.sharing_out import Tally
from ttc.pipeline.signals import Stop, stopping
from ttc.pipeline.steering import Steering
from ttc.pipeline.tuning.held_out import check_tuned, tuned_parts
from ttc.store.atomic import remove_leftovers
from ttc.store.columns import RUN_TABLES
from ttc.store.live import live_rows
from ttc.store.lock import locked
from ttc.store.manifest import Choices, Manifest, Plugin, hash_recipe
from ttc.store.run_folder import WRITTEN, RunFolder, run_folder
from ttc.store.shard_folders import shard_folder, shards_of
from ttc.store.tables import open_table

if TYPE_CHECKING:
    from ttc.recipe import Recipe

_log = logging.getLogger(__name__)
Progress = Callable[[Monitor], AbstractContextManager[None]]
"""Makes a context manager that shows what a monitor says while it is open."""
_COLLECT_AFTER = (10_000, 20, 50)  # objects made, young and middle-aged collections


@dataclass(frozen=True, slots=True)
class Outcome:
    """What `run_recipe` did: the run's folder, its manifest, and whether there was work at all."""

    run: RunFolder
    manifest: Manifest
    fresh: bool


def run_recipe(
    recipe: Recipe,
    progress: Progress | None = None,
    stop: Stop | None = None,
    shard: Shard | None = None,
) -> Outcome:
    """Run a recipe, or complete what an earlier try left, and write its folder.

    stop: who takes signals, where another thread does; else this one. shard: of which problems,
    where other machines do the rest; it has a folder of its own, and no curves.
    A run that is complete is left alone, unless samples that failed are to be retried. Raises
    `TtcError`s that name the cause and the mend (`Busy` where another process is at this run or a
    part of it), and `Interrupted` for Ctrl-C; what was sampled by then is in the journal, and the
    next try goes on from it.
    """
    from ttc.recipe import run_id

    run = run_folder(Path(recipe.results), recipe.name, run_id(recipe))
    if shard is not None:
        run = shard_folder(run, shard)
    with locked(run):
        remove_leftovers(run.path, WRITTEN)
        if run.complete() and not more_to_do(recipe, run.manifest()):
            return Outcome(run, run.manifest(), fresh=False)
        require_alone(run)
        if shard is None:
            require_no_batches(run, journal_of(run, recipe.engine.journal))
        taken = stopping() if stop is None else nullcontext(stop)
        with taken as stop, recorded(recipe, run, stop) as recording:
            steering = Steering(recipe, recording.monitor, stop)
            with steering.listening():
                manifest = _try(recipe, run, recording, steering, shard, progress)
        return Outcome(run, manifest, fresh=True)


def _try(
    recipe: Recipe,
    run: RunFolder,
    recording: Recording,
    steering: Steering,
    shard: Shard | None,
    progress: Progress | None,
) -> Manifest:
    """Collect, evaluate and write all of a run that is not complete."""
    from ttc.pipeline.planning.short import short_budgets
    from ttc.recipe.unread import unread

    problems = load_problems(recipe)
    part = Part.of(problems, shard)
    tuned = tuned_parts((*recipe.policies, *recipe.verifiers))
    check_tuned(tuned, problems, recipe.grid.tuning_problems, run.name)
    manifest = _manifest(recipe, run, problems)
    manifest.shard = part.note
    changed = code_changes(run, manifest)
    warnings = (*unread(recipe), *short_budgets(recipe, problems))  # by earlier runs
    recording.begin(manifest, len(part.problems), recipe.dataset.notes, changed)
    steering.begin([problem.id for problem in part.problems])
    with progress(recording.monitor) if progress is not None else nullcontext():
        for said in warnings:
            _log.warning(said)
        began = time.monotonic()
        with _frozen():
            asyncio.run(_collect(recipe, part, recording, steering))
            while retried := steering.again():
                recording.monitor.asks_again(len(retried))
                asyncio.run(_collect(recipe, part, recording, steering, retried))
        manifest.timing["sampling_seconds"] = time.monotonic() - began
    recording.monitor.sampled()
    if shard is None:
        began = time.monotonic()
        write_curves(recipe, run, manifest).note(manifest)
        manifest.timing["evaluation_seconds"] = time.monotonic() - began
    manifest.tables = run.digests()
    recording.end("budget" if manifest.ledger["exhausted_problems"] else "complete")
    return manifest


def more_to_do(recipe: Recipe, done: Manifest) -> bool:
    """Whether a run that is complete would be another one if its recipe ran again."""
    return done.second_pass or retries(recipe, done)


def retries(recipe: Recipe, done: Manifest) -> bool:
    """Whether the recipe asks once more for what had failed."""
    return recipe.engine.retry_failed and bool(done.failures)


@contextmanager
def _frozen() -> Iterator[None]:
    """Spare the garbage collector what is there already: modules and problems, which stay.

    It would look through all of it again and again while calls come and go, a fifth of their CPU
    time, and hold all of them up meanwhile. Of what calls leave behind, little is in cycles, so
    that looking seldom costs next to no memory.
    """
    import pandas  # noqa: F401  (Arrow does at the first table: not while calls are under way)

    before = gc.get_threshold()
    gc.freeze()  # what is garbage already waits, too: to look for it takes a quarter of a second
    gc.set_threshold(*_COLLECT_AFTER)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _manifest(recipe: Recipe, run: RunFolder, problems: Sequence[Problem]) -> Manifest:
    from ttc.recipe import code_behind, recipe_hash, resolve

    resolved = resolve(recipe)
    told = unjudged(((p.id, p.answer) for p in problems), recipe.answer_rule)
    if told:
        _log.warning(told)
    return Manifest(
        note=told,
        recipe_name=recipe.name,
        recipe=resolved,
        recipe_hash=hash_recipe(resolved),
        run_id=run.run_id,
        identity=recipe_hash(recipe),
        seed=recipe.seed,
        dataset=hash_recipe({"problems": [[p.id, p.question, p.answer] for p in problems]}),
        choices=_choices(recipe),
        plugins={
            whose: Plugin(digest=code.digest, version=code.version)
            for whose, code in code_behind(recipe).items()
        },
    )


def load_problems(recipe: Recipe) -> list[Problem]:
    """The recipe's problems. Raises `DataError` where there are none, or two of one id, and
    `RecipeError` where they lack metadata that a prompt shows.
    """
    from ttc.recipe.prompt_metadata import check_metadata

    problems = list(recipe.dataset.load())
    if not problems:
        raise DataError("the dataset has no problems")
    seen: set[str] = set()
    for problem in problems:
        if problem.id in seen:
            raise DataError(f"the dataset has two problems with the id {problem.id!r}")
        seen.add(problem.id)
    check_metadata(recipe, problems)
    return problems


async def _collect(
    recipe: Recipe,
    part: Part,
    recording: Recording,
    steering: Steering,
    retried: Collection[str] = (),
) -> None:
    """Go through all problems; retried: those whose failed samples are asked for again."""
    monitor, manifest = recording.monitor, recording.manifest
    assert manifest is not None, "recording.begin comes first"
    engine = Engine(
        journal=journal_of(monitor.run, recipe.engine.journal),
        budget=recipe.budget,
        cost=recipe.cost,
        seed=recipe.seed,
        problems=[p.id for p in part.problems],
        settings=steering.settings,
        events=monitor.events,
        run=monitor.run.name,
        rounds=recipe.sampler.exchangeable,
        part_of=part.part_of(monitor.run),
        parts=[] if part.shard else [one.name for one in shards_of(monitor.run).values()],
    )
    engine.retried.update(retried)
    if monitor.ledger is not None:
        engine.ledger.go_on_from(monitor.ledger)
    with steering.of(engine), steering.stop.of(engine, monitor.stopping):
        seconds = recipe.budget.per_run.seconds
        with no_longer_than(None if seconds is None else seconds + recipe.engine.finish_s):
            async with engine:
                require_bills(manifest, engine.ledger)
                await _collect_with(engine, recipe, part, recording, steering)


async def _collect_with(
    engine: Engine, recipe: Recipe, part: Part, recording: Recording, steering: Steering
) -> None:
    from ttc.recipe.batch_mode import window_of

    monitor, manifest = recording.monitor, recording.manifest
    assert manifest is not None
    if part.problems:  # no model is wanted for a shard that has none
        monitor.stage = "connecting"
        method = await open_models(recipe, engine, manifest, monitor)
        recording.resolved()
    monitor.sampling(engine.ledger)
    tally = Tally(recipe.budget.allocation)
    window = window_of(recipe, len(part.problems), steering.window)

    async def attempt(problem: Problem) -> Attempted:
        try:
            done = await method.attempt(problem)
        except Exception as error:
            await engine.failing(error)  # or it would end the calls of all other problems at once
            raise
        tally.see(done)
        steering.saw(done)
        return done

    while True:
        nothing: BudgetExhausted | None = None
        try:
            await _sweep(attempt, part, recipe, monitor, engine.conclude, window)
        except BudgetExhausted as error:
            nothing = error  # shares may be too small for a sample that the whole affords
        except Exception as error:
            await engine.failing(error)
            raise
        manifest.ledger = engine.ledger.as_dict()
        if engine.next_round(tally.deal):
            monitor.new_round()
        elif nothing is not None:
            left = engine.ledger.seconds_left()
            if left is not None and left <= 0:
                raise engine.ledger.too_late("before a single solution was there; raise it")
            raise nothing
        else:
            break


async def _sweep(
    attempt: Callable[[Problem], Awaitable[Attempted]],
    part: Part,
    recipe: Recipe,
    monitor: Monitor,
    conclude: Callable[[], Awaitable[None]],
    window: Callable[[], int],
) -> None:
    """Go through all problems and write the tables as they come; they appear when complete."""
    run = monitor.run
    left_out = {"curves"}
    if not any(part.kind == "verifier" for _, part, _ in recipe.methods()):
        left_out.add("verifications")
    if recipe.sampler.exchangeable:
        left_out.add("answers")
    with ExitStack() as open_tables:
        live = open_tables.enter_context(live_rows(run))  # goes after the tables have appeared
        tables = {
            name: open_tables.enter_context(open_table(run.table(name), name))
            for name in RUN_TABLES
            if name not in left_out
        }
        places = iter(part.places)
        async for done in ordered(part.problems, attempt, window):
            rows = attempt_rows(done, next(places))
            for name, table in tables.items():
                table.write(rows[name])
            live.write({name: rows[name] for name in tables})
            monitor.finished(done)
        await conclude()
        tables["solutions"].flush()
        if tables["solutions"].rows == 0 and part.shard is None:  # other shards may have some
            raise _no_solution(recipe)


def _no_solution(recipe: Recipe) -> TtcError:
    """Why no problem has any."""
    if not recipe.budget.limited and recipe.budget.per_run.seconds is None:
        return DataError(f"the sampler {type(recipe.sampler).__name__} gave no solution at all")
    key = recipe.sampler.first_longest
    lower = f", or lower sampler.{key}, whose whole length is reserved before a call"
    return BudgetExhausted(
        "the budget does not cover a single solution of any problem; raise it"
        + (lower if key else "")
    )


def _choices(recipe: Recipe) -> Choices:
    modes = {str(getattr(v, "score", "")) for v in recipe.verifiers} - {""}
    return Choices(
        lambda_source="measured" if recipe.cost.ratio == "measured" else "configured",
        score_mode=", ".join(sorted(modes)) or None,
        invalid_verdicts=recipe.grid.invalid_verdict if recipe.verifiers else None,
        verification_draws=recipe.grid.verification_draws if recipe.verifiers else None,
        ties="random_averaged",
        resampling="without_replacement",
        flops=f"{recipe.cost.flops} (2P per token)",
        prompt_counting=recipe.cost.prompt_counting,
        wasted_tokens="included",
        tuning="none",
        token_counts="measured",
    )
