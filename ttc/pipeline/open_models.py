"""Opens the models of a recipe, within the run's time, and says what it waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from ttc.attempt.live import World
from ttc.attempt.programs import FREE, Programs
from ttc.core import Backend, Model, RemoteBackend
from ttc.engine.engine import Engine
from ttc.engine.fingerprints import Watch
from ttc.errors import UsageError
from ttc.pipeline.collect import Method
from ttc.pipeline.monitor import Monitor
from ttc.registry import MethodPart, Part, Path, asked_by, models_of
from ttc.store.manifest import Manifest
from ttc.store.manifest import Model as StoredModel
from ttc.verifiers import VerifierPart

if TYPE_CHECKING:
    from ttc.recipe import Recipe


async def open_models(
    recipe: Recipe, engine: Engine, manifest: Manifest, monitor: Monitor
) -> Method:
    """Open each distinct backend of the recipe once, and note what it says it is.

    Raises `BackendError`, `UsageError` where a model lacks what a part needs, and `BudgetExhausted`
    where the run's time is up before.
    """
    opened: dict[str, Model] = {}

    async def model(part: Part) -> Model:
        key = part.model_dump_json()
        if key not in opened:
            opened[key] = await _attached(part, engine, monitor)
        return opened[key]

    solver = await model(recipe.backend)
    roles, models = {"solver": solver}, dict[Path, dict[str, Model]]()
    parts: dict[Path, MethodPart] = {}
    for path, part, outer in recipe.methods():
        named = {field: await model(one) for field, one in models_of(part).items()}
        parts[path] = part
        used = [solver]
        if outer is not None:
            used = asked_by(parts[outer], path[len(outer) :], models[outer])
        models[path] = {"backend": used[0], **named}
        for one in used:
            _check_offers(part, {"backend": one, **named})
        if isinstance(part, VerifierPart):
            judge = models[path]["backend"]
            for params in part.asks(judge.capabilities):
                judge.expect(params)
        if path[0] == "sampler":
            label, inside = "sampler", path[1:]
        else:
            label, inside = recipe.verifiers[int(path[1])].label, path[2:]
        role = ".".join(map(str, (label, *inside)))
        if outer is None and part.kind == "verifier":
            named = models[path]
        for field, one in named.items():
            roles[role if field == "backend" else f"{role}.{field}"] = one
    for role, one in roles.items():
        manifest.models[role] = stored = StoredModel.of(one.identity)
        engine.follow(one.identity, partial(_note_served, stored))
    world = World(
        models=models,
        answers=recipe.answer_rule,
        default_prompt=recipe.dataset.default_prompt,
        seed=recipe.seed,
        left=partial(_with_grace, engine),
        ledger=engine.ledger,
        sandbox=await _sandbox(recipe, engine),
    )
    return Method(recipe.sampler, recipe.verifiers, world, recipe.budget.shares, recipe.repeats)


async def _sandbox(recipe: Recipe, engine: Engine) -> Model | None:
    """Where programs run, if a part runs any. Raises `BackendError` where none can be shut in."""
    if not any(part.executes for _, part, _ in recipe.methods()):
        return None
    return await engine.attach(Programs(recipe.engine.isolation), FREE)


def _with_grace(engine: Engine) -> float | None:
    """Plug-ins may wait for calls that are under way when the time is up, as we do."""
    left = engine.ledger.seconds_left()
    return None if left is None else left + engine.settings.finish_s


async def _attached(part: Any, engine: Engine, monitor: Monitor) -> Model:
    backend = part.open()
    monitor.doing = _doing(part, backend)
    try:
        async with asyncio.timeout(engine.ledger.seconds_left()) as limit:
            return await engine.attach(backend)
    except TimeoutError:
        if not limit.expired():
            raise
        raise engine.ledger.too_late(f"while {monitor.doing}") from None
    finally:
        monitor.doing = ""


def _doing(part: Any, backend: Backend) -> str:
    if isinstance(backend, RemoteBackend):
        return f"asking {', '.join(backend.endpoints)} which model it serves"
    return f"loading {getattr(part, 'model', part.type)}"


def _note_served(stored: StoredModel, watch: Watch) -> None:
    """Whether it is one model that answers under its name, as far as fingerprints tell."""
    stored.fingerprints = [seen.as_dict() for seen in watch.seen]
    stored.warning = watch.warning


def _check_offers(part: MethodPart, models: Mapping[str, Model]) -> None:
    """Refuse what an opened backend lacks, though its config promised it or said nothing."""
    from ttc.recipe.capabilities import lack, lacking

    for field, model in models.items():
        for name in lacking(part, model.capabilities, field):
            raise UsageError(lack(part, name, model.identity.backend))
