"""What can be learned of a recipe's models without sampling: identity, prices, prompt lengths."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ttc.backends import BackendPart
from ttc.core import Backend, Capabilities, ModelIdentity, Problem, Prompt, RemoteBackend
from ttc.errors import TtcError, UsageError
from ttc.importing.tally import estimate_tokens
from ttc.pipeline.planning.roles import planned_roles
from ttc.prompts import load_prompt, render_problem
from ttc.registry import Part

if TYPE_CHECKING:
    from ttc.recipe import Recipe

_PROMPTS = 64  # looked at, spread evenly over the problems


@dataclass(frozen=True)
class RoleFacts:
    """A model in its role.

    group: samples of one request; servers: that share the requests. prompts: tokens of some
    problems' prompts, a verifier's without the solution in it, none where a method makes them by
    itself. note: why something is not known.
    served: what the servers offer; None for a model that is none's.
    """

    identity: ModelIdentity
    group: int
    servers: int
    prompts: tuple[float, ...]
    note: str = ""
    served: Capabilities | None = None


def role_facts(recipe: Recipe, problems: Sequence[Problem]) -> dict[str, RoleFacts]:
    """Facts by role. A model that can't be reached, or only with effort, is known by name alone."""
    some = problems[:: -(-len(problems) // _PROMPTS)]
    return asyncio.run(_look(recipe, some))


async def _look(recipe: Recipe, problems: Sequence[Problem]) -> dict[str, RoleFacts]:
    return {
        role.name: await _facts(role.model, role.template, problems, recipe.engine.n_per_call)
        for role in planned_roles(recipe)
    }


async def _facts(
    part: Part, template: str | None, problems: Sequence[Problem], n_per_call: int
) -> RoleFacts:
    assert isinstance(part, BackendPart)
    name, kind = str(getattr(part, "model", "unknown")), str(getattr(part, "type", "unknown"))
    identity, servers, note = ModelIdentity(kind, name), 1, ""
    served: Capabilities | None = None
    backend: Backend | None = None
    try:
        if part.loads_weights:
            note = f"{name}: {kind} is not loaded for a forecast; cost.parameters gives its size"
        else:
            backend = part.open()
            if isinstance(backend, RemoteBackend):
                servers, served = len(backend.endpoints), backend.capabilities
            identity = await backend.identify()
    except TtcError as error:
        note = str(error) if name in str(error) else f"{name}: {error}"
    try:
        some = () if template is None else problems
        prompts = tuple(_prompt_tokens(template, problem, backend) for problem in some)
    finally:
        if backend is not None:
            with suppress(Exception):
                await backend.close()
    group = max(1, min(part.offers.max_n, n_per_call))
    return RoleFacts(identity, group, servers, prompts, note, served)


def _prompt_tokens(template: str | None, problem: Problem, backend: Backend | None) -> float:
    """Tokens of a prompt without the solution in it; estimated where nothing can count them."""
    prompt = _prompt(template, problem)
    counted = None if backend is None else backend.count_tokens(prompt)
    if counted is not None:
        return float(counted)
    text = prompt.text or "\n".join(message.content for message in prompt.messages)
    return float(estimate_tokens(text + prompt.prefill))


def _prompt(template: str | None, problem: Problem) -> Prompt:
    if template is not None:
        with suppress(UsageError):  # a plug-in's template may want variables of its own
            return render_problem(load_prompt(template), problem, solution="")
    return Prompt(text=problem.question)
