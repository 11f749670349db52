"""Run a recipe: collect within the budget, write the tables, evaluate the curves."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ttc.core import Model, Problem
from ttc.engine.engine import Engine
from ttc.engine.fingerprints import Watch
from ttc.errors import BudgetExhausted, DataError, UsageError
from ttc.pipeline.collect import Attempt, Method, ordered
from ttc.pipeline.evaluate import write_curves
from ttc.pipeline.monitor import Monitor
from ttc.pipeline.recording import Recording, recorded
from ttc.store.lock import locked
from ttc.store.manifest import Choices, Manifest, hash_recipe
from ttc.store.manifest import Model as StoredModel
from ttc.store.rows import problem_row, solution_row, verification_row
from ttc.store.run_folder import RunFolder, run_folder
from ttc.store.tables import open_table

if TYPE_CHECKING:
    from ttc.recipe import Recipe

Progress = Callable[[Monitor], AbstractContextManager[None]]
"""Makes a context manager that shows what a monitor says while it is open."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What `run_recipe` did: the run's folder, its manifest, and whether there was work at all."""

    run: RunFolder
    manifest: Manifest
    fresh: bool


def run_recipe(recipe: Recipe, progress: Progress | None = None) -> Outcome:
    """Run a recipe, or complete what an earlier try left, and write its folder.

    A run that is complete is left alone. Raises `TtcError`s that name the cause and the mend, and
    `Interrupted` for Ctrl-C; what was sampled by then is in the journal, and the next try goes on
    from it.
    """
    from ttc.recipe import run_id

    run = run_folder(Path(recipe.results), recipe.name, run_id(recipe))
    with locked(run):
        if run.complete():
            return Outcome(run, run.manifest(), fresh=False)
        with recorded(recipe, run) as recording:
            problems = load_problems(recipe)
            manifest = _manifest(recipe, run, problems)
            recording.begin(manifest, len(problems))
            with progress(recording.monitor) if progress is not None else nullcontext():
                began = time.monotonic()
                with _frozen():
                    asyncio.run(_collect(recipe, problems, recording))
                manifest.timing["sampling_seconds"] = time.monotonic() - began
            recording.monitor.stage = "evaluating"
            began = time.monotonic()
            write_curves(recipe, run, manifest)
            manifest.timing["evaluation_seconds"] = time.monotonic() - began
            recording.end("budget" if manifest.ledger["exhausted_problems"] else "complete")
        return Outcome(run, manifest, fresh=True)


@contextmanager
def _frozen() -> Iterator[None]:
    """Spare the garbage collector what is there already: modules and problems, which stay.

    It would look through all of it again and again while calls come and go, a fifth of their CPU
    time.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _manifest(recipe: Recipe, run: RunFolder, problems: Sequence[Problem]) -> Manifest:
    from ttc.recipe import resolve

    resolved = resolve(recipe)
    return Manifest(
        recipe_name=recipe.name,
        recipe=resolved,
        recipe_hash=hash_recipe(resolved),
        run_id=run.run_id,
        seed=recipe.seed,
        dataset=hash_recipe({"problems": [[p.id, p.question, p.answer] for p in problems]}),
        choices=_choices(recipe),
    )


def load_problems(recipe: Recipe) -> list[Problem]:
    """The recipe's problems. Raises `DataError` where there are none, or two of one id."""
    problems = list(recipe.dataset.load())
    if not problems:
        raise DataError("the dataset has no problems")
    seen: set[str] = set()
    for problem in problems:
        if problem.id in seen:
            raise DataError(f"the dataset has two problems with the id {problem.id!r}")
        seen.add(problem.id)
    return problems


async def _collect(recipe: Recipe, problems: Sequence[Problem], recording: Recording) -> None:
    monitor, manifest = recording.monitor, recording.manifest
    assert manifest is not None, "recording.begin comes first"
    engine = Engine(
        journal=Path(recipe.results) / "journal.sqlite",
        budget=recipe.budget,
        cost=recipe.cost,
        seed=recipe.seed,
        problems=[p.id for p in problems],
        settings=recipe.engine,
        events=monitor.events,
        run=monitor.run.name,
    )
    async with engine:
        monitor.stage = "connecting"
        method = await _attach(recipe, engine, manifest)
        recording.resolved()
        monitor.sampling(engine.ledger)
        while True:
            nothing: BudgetExhausted | None = None
            try:
                await _sweep(method, problems, recipe, monitor)
            except BudgetExhausted as error:
                nothing = error  # shares may be too small for a sample that the whole affords
            manifest.ledger = engine.ledger.as_dict()
            if engine.next_round():
                monitor.new_round()
            elif nothing is not None:
                raise nothing
            else:
                break


def _note_served(stored: StoredModel, watch: Watch) -> None:
    """Whether it is one model that answers under its name, as far as fingerprints tell."""
    stored.fingerprints = [seen.as_dict() for seen in watch.seen]
    stored.warning = watch.warning


async def _attach(recipe: Recipe, engine: Engine, manifest: Manifest) -> Method:
    """Open each distinct backend of the recipe once, and note what it says it is."""
    models: dict[str, Model] = {}

    async def model(part: Any) -> Model:
        key = part.model_dump_json()
        if key not in models:
            models[key] = await engine.attach(part.open())
        return models[key]

    solver = await model(recipe.backend)
    judges = {v.label: await model(v.backend or recipe.backend) for v in recipe.verifiers}
    for role, used in {"solver": solver, **judges}.items():
        manifest.models[role] = stored = StoredModel.of(used.identity)
        engine.follow(used.identity, partial(_note_served, stored))
    _check_offers(recipe, solver, judges)
    return Method(
        sampler=recipe.sampler,
        solver=solver,
        verifiers=recipe.verifiers,
        judges=judges,
        answers=recipe.answer_rule,
        default_prompt=recipe.dataset.default_prompt,
    )


def _check_offers(recipe: Recipe, solver: Model, judges: Mapping[str, Model]) -> None:
    """Refuse what an opened backend lacks, though its config promised it or said nothing."""
    from ttc.recipe.capabilities import lack, lacking

    users = [(recipe.sampler, solver), *((v, judges[v.label]) for v in recipe.verifiers)]
    for part, model in users:
        for name in lacking(part, model.capabilities):
            raise UsageError(lack(part, name, model.identity.backend))


async def _sweep(
    method: Method, problems: Sequence[Problem], recipe: Recipe, monitor: Monitor
) -> None:
    """Go through all problems and write the tables as they come; they appear when complete."""
    run = monitor.run
    with ExitStack() as open_tables:
        tables = {
            name: open_tables.enter_context(open_table(run.table(name), name))
            for name in ("problems", "solutions", *(("verifications",) if recipe.verifiers else ()))
        }
        window = recipe.engine.problems_in_flight
        index = 0
        async for attempt in ordered(problems, method.attempt, window):
            rows = _rows(attempt, index)
            for name, table in tables.items():
                table.write(rows[name])
            index += 1
            monitor.finished(attempt)
        if tables["solutions"].rows == 0:
            tables["solutions"].flush()
            if tables["solutions"].rows == 0:
                raise BudgetExhausted(
                    "the budget does not cover a single solution of any problem; raise it, or "
                    "lower sampler.max_tokens, whose whole length is reserved before a call"
                )


def _rows(attempt: Attempt, index: int) -> dict[str, list[dict[str, Any]]]:
    classes = attempt.classes
    return {
        "problems": [
            problem_row(
                attempt.problem,
                index,
                gold_class=classes.gold,
                n_solutions=len(attempt.solutions),
                n_verifications=len(attempt.verifications),
                n_classes=len(classes),
            )
        ],
        "solutions": [
            solution_row(s, answer_class=int(c), correct=bool(good))
            for s, c, good in zip(attempt.solutions, classes.index, classes.correct, strict=True)
        ],
        "verifications": [verification_row(v) for v in attempt.verifications],
    }


def _choices(recipe: Recipe) -> Choices:
    modes = {str(getattr(v, "score", "")) for v in recipe.verifiers} - {""}
    return Choices(
        lambda_source="measured" if recipe.cost.ratio == "measured" else "configured",
        score_mode=", ".join(sorted(modes)) or None,
        invalid_verdicts="dropped" if recipe.verifiers else None,
        ties="random_averaged",
        resampling="without_replacement",
        flops=f"{recipe.cost.flops} (2P per token)",
        prompt_counting="once_per_prompt" if recipe.cost.shared_prompt == "once" else "per_sample",
        wasted_tokens="included",
        tuning="none",
        token_counts="measured",
    )
