"""What can be learned of a recipe's models without sampling: identity, prices, prompt lengths."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ttc.backends import BackendPart
from ttc.core import Backend, ModelIdentity, Problem, Prompt, RemoteBackend
from ttc.errors import TtcError, UsageError
from ttc.pipeline.lengths import SOLVER
from ttc.prompts import load_prompt, render_problem
from ttc.store.importing.tally import estimate_tokens

if TYPE_CHECKING:
    from ttc.recipe import Recipe

_LOADED = ("transformers", "vllm", "llama_cpp")
"""Backends that load gigabytes to say what they are; a forecast does without."""
_PROMPTS = 64  # looked at, spread evenly over the problems


@dataclass(frozen=True)
class RoleFacts:
    """A model in its role.

    group: samples of one request; servers: that share the requests. prompts: tokens of some
    problems' prompts, a verifier's without the solution in it. note: why something is not known.
    """

    identity: ModelIdentity
    group: int
    servers: int
    prompts: tuple[float, ...]
    note: str = ""


def role_facts(recipe: Recipe, problems: Sequence[Problem]) -> dict[str, RoleFacts]:
    """Facts by role. A model that can't be reached, or only with effort, is known by name alone."""
    some = problems[:: -(-len(problems) // _PROMPTS)]
    return asyncio.run(_look(recipe, some))


async def _look(recipe: Recipe, problems: Sequence[Problem]) -> dict[str, RoleFacts]:
    users: dict[str, tuple[BackendPart, Any]] = {SOLVER: (recipe.backend, recipe.sampler)}
    users |= {v.label: (v.backend or recipe.backend, v) for v in recipe.verifiers}
    known: dict[str, RoleFacts] = {}
    found = {}
    for role, (part, method) in users.items():
        key = part.model_dump_json()
        backend, note = _open(part)
        try:
            if key not in known:
                known[key] = await _identified(part, backend, note, recipe.engine.n_per_call)
            name = recipe.prompt if role == SOLVER else getattr(method, "prompt", None)
            prompts = [_prompt_tokens(name, problem, backend) for problem in problems]
            found[role] = replace(known[key], prompts=tuple(prompts))
        finally:
            if backend is not None:
                with suppress(Exception):
                    await backend.close()
    return found


def _open(part: BackendPart) -> tuple[Backend | None, str]:
    kind = str(type(part).model_fields["type"].default)
    if kind in _LOADED:
        return None, f"{kind} is not loaded for a forecast: cost.parameters gives its size"
    try:
        return part.open(), ""
    except TtcError as error:
        return None, str(error)


async def _identified(
    part: BackendPart, backend: Backend | None, note: str, most: int
) -> RoleFacts:
    name = str(getattr(part, "model", "unknown"))
    kind = str(type(part).model_fields["type"].default)
    identity = ModelIdentity(kind, name)
    if backend is None:
        return RoleFacts(identity, most, 1, (), f"{name}: {note}")
    servers = len(backend.endpoints) if isinstance(backend, RemoteBackend) else 1
    group = max(1, min(backend.capabilities.max_n, most))
    try:
        identity = await backend.identify()
    except TtcError as error:
        note = f"{name}: {error}"
    return RoleFacts(identity, group, servers, (), note)


def _prompt_tokens(template: str | None, problem: Problem, backend: Backend | None) -> float:
    """Tokens of a prompt without the solution in it; estimated where nothing can count them."""
    prompt = Prompt(text=problem.question)
    if template is not None:
        with suppress(UsageError):  # a method may render variables of its own
            prompt = render_problem(load_prompt(template), problem)
        with suppress(UsageError):
            prompt = render_problem(load_prompt(template), problem, solution="")
    counted = None if backend is None else backend.count_tokens(prompt)
    if counted is not None:
        return float(counted)
    text = prompt.text or "\n".join(message.content for message in prompt.messages)
    return float(estimate_tokens(text + prompt.prefill))
