"""What can be learned of a recipe's models without sampling: identity, prices, prompt lengths."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ttc.attempt.programs import ROLE as PROGRAM
from ttc.backends import BackendPart
from ttc.core import Backend, Capabilities, ModelIdentity, Problem, Prompt, RemoteBackend
from ttc.engine.token_bounds import token_bound
from ttc.errors import TtcError, UsageError
from ttc.importing.tally import estimate_tokens
from ttc.pipeline.planning.roles import PlannedRole, planned_roles
from ttc.prompts import METADATA, load_prompt, render_problem
from ttc.samplers import Growing

if TYPE_CHECKING:
    from ttc.recipe import Recipe

_PROMPTS = 64  # whose mean is taken, spread evenly over the problems


@dataclass(frozen=True)
class RoleFacts:
    """A model in its role.

    group: samples of one request; servers: that share the requests. prompts: tokens of some
    problems' prompts, a verifier's without the solution in it, none where a method makes them by
    itself. bounds: the most tokens of every problem's prompt; unsure: why they may be more
    nevertheless. estimated: whether `prompts` are. served: whether a server bills each request.
    offers: what the model's access can do. note: why something is not known. others: the same of
    models that are asked in this role, too.
    """

    identity: ModelIdentity
    group: int
    servers: int
    prompts: tuple[float, ...]
    note: str = ""
    bounds: tuple[float, ...] = ()
    unsure: str = ""
    estimated: bool = False
    served: bool = False
    offers: Capabilities | None = None
    others: tuple[RoleFacts, ...] = ()

    @property
    def context(self) -> float | None:
        """The most tokens that a prompt can have where the model is in this process: a longer one
        is refused and costs nothing. None where it is not known, or a server's to tell.
        """
        stated = self.identity.facts.get("context_length")
        if self.served or self.estimated or isinstance(stated, bool):
            return None
        return float(stated) if isinstance(stated, int | float) else None


def role_facts(
    recipe: Recipe, problems: Sequence[Problem], *, reach: bool = True
) -> dict[str, RoleFacts]:
    """Facts by role. A model that can't be reached, or only with effort, is known by name alone.

    reach: whether servers are asked what they serve.
    """
    return asyncio.run(_look(recipe, problems, reach))


async def _look(recipe: Recipe, problems: Sequence[Problem], reach: bool) -> dict[str, RoleFacts]:
    return {
        role.name: await _facts(role, problems, recipe.engine.n_per_call, reach)
        for role in planned_roles(recipe)
    }


async def _facts(
    role: PlannedRole, problems: Sequence[Problem], n_per_call: int, reach: bool
) -> RoleFacts:
    if role.role == PROGRAM:
        return RoleFacts(ModelIdentity("sandbox", "python"), 1, 1, (0.0,), bounds=(0.0,))
    others = [replace(role, model=model, others=()) for model in role.others]
    found = await _facts_of_one(role, problems, n_per_call, reach)
    return replace(
        found,
        others=tuple([await _facts(one, problems, n_per_call, reach) for one in others]),
    )


async def _facts_of_one(
    role: PlannedRole, problems: Sequence[Problem], n_per_call: int, reach: bool
) -> RoleFacts:
    part = role.model
    assert isinstance(part, BackendPart)
    name, kind = str(getattr(part, "model", "unknown")), str(getattr(part, "type", "unknown"))
    identity, note = ModelIdentity(kind, name), ""
    backend: Backend | None = None
    try:
        if part.loads_weights:
            note = f"{name}: {kind} is not loaded for a forecast; cost.parameters gives its size"
        else:
            backend = part.open()
            if reach or not isinstance(backend, RemoteBackend):
                identity = await backend.identify()
    except TtcError as error:
        note = str(error) if name in str(error) else f"{name}: {error}"
    try:
        return facts_of(role, identity, backend, problems, n_per_call, note)
    finally:
        if backend is not None:
            with suppress(Exception):
                await backend.close()


def facts_of(
    role: PlannedRole,
    identity: ModelIdentity,
    backend: Backend | None,
    problems: Sequence[Problem],
    n_per_call: int,
    note: str = "",
) -> RoleFacts:
    """Facts of a role whose model is open; `backend` is None where it is not."""
    part: Any = role.model
    prompts = Prompts(identity.model, None if backend is None else backend.count_tokens)
    bounds: tuple[float, ...] = ()
    some: tuple[float, ...] = ()
    if role.template is not None:
        bounds = tuple(prompts.bound(role.template, problem) for problem in problems)
        spread = problems[:: -(-len(problems) // _PROMPTS)]
        some = tuple(prompts.expected(role.template, problem) for problem in spread)
    elif role.growing is not None:
        bounds = tuple(prompts.grown(role.growing, problem) for problem in problems)
    remote = isinstance(backend, RemoteBackend)
    return RoleFacts(
        identity=identity,
        group=max(1, min(part.offers.max_n, n_per_call)),
        servers=len(backend.endpoints) if isinstance(backend, RemoteBackend) else 1,
        prompts=some,
        note=note,
        bounds=bounds,
        unsure=prompts.unsure,
        estimated=prompts.estimated,
        served=remote,
        offers=part.offers,
    )


class Prompts:
    """Tokens of a role's prompts. count: gives a prompt's, None where its tokenizer is not here.

    As the engine has it: counted, or at most one a byte. The latter is no bound, since only the
    server knows what its template or a system prompt adds; `unsure` says so.
    """

    def __init__(self, model: str, count: Callable[[Prompt], int | None] | None) -> None:
        self._model, self._count = model, count
        self.estimated = False
        self.unsure = ""

    def bound(self, template: str, problem: Problem) -> float:
        """The most tokens, without the solution in it."""
        prompt = self._prompt(template, problem)
        counted = self._counted(prompt)
        if counted is None:
            self.unsure = self.unsure or (
                f"the tokenizer of {self._model} is not here: its prompts are taken to have a "
                "token a byte, to which its server may add some"
            )
        return float(token_bound(prompt) if counted is None else counted)

    def grown(self, growing: Growing, problem: Problem) -> float:
        """The most tokens of a prompt with what has been sampled before."""
        first = max(self.bound(str(name), problem) for name in growing.templates)
        turns = {name: self.bound(name, problem) for name in set(growing.turns)}
        return first + growing.tokens + sum(turns[name] for name in growing.turns)

    def expected(self, template: str, problem: Problem) -> float:
        """Tokens without the solution in it; estimated where nothing can count them."""
        prompt = self._prompt(template, problem)
        counted = self._counted(prompt)
        if counted is not None:
            return float(counted)
        self.estimated = True
        text = prompt.text or "\n".join(message.content for message in prompt.messages)
        return float(estimate_tokens(text + prompt.prefill))

    def _counted(self, prompt: Prompt) -> int | None:
        return None if self._count is None else self._count(prompt)

    def _prompt(self, template: str, problem: Problem) -> Prompt:
        try:
            found = load_prompt(template)
            # Whatever its method fills in is counted by itself.
            names = {
                "solution",
                *(name for name in found.variables if not name.startswith(METADATA)),
            }
            others = dict.fromkeys(names - {"question", "choices", "answer_part"}, "")
            return render_problem(found, problem, **others)
        except UsageError:  # such as metadata that a problem lacks
            self.unsure = f"the prompt {template} wants what is not known before the run"
            return Prompt(text=problem.question)
