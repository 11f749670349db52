"""The roles of a recipe: who is asked, by what model, and how often at most, as its methods say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ttc.attempt.programs import ROLE as PROGRAM
from ttc.core import Role
from ttc.registry import MethodPart, Part, Path, walk_models
from ttc.samplers import Growing
from ttc.verifiers import VerifierPart

if TYPE_CHECKING:
    from ttc.recipe import Recipe

SOLVER, VERIFIER = "solver", "verifier"


@dataclass(frozen=True)
class PlannedRole:
    """What a method asks in a role, for each problem.

    name: in the plan: a verifier's label stands for its own role. prompts, each: so many prompts
    with so many samples of each, None where the method does not say; exact: whether it will be that
    many unless a budget ends it, else at most. template: of its prompts, None where the method
    makes them otherwise; growing: what stands in those, None where it does not say; judges: whether
    a solution stands in them. longest: tokens of a sample at most. others: models that are asked in
    this role, too.
    """

    name: str
    role: Role
    verifier: str | None
    model: Part
    template: str | None
    prompts: int | None
    each: int | None
    exact: bool
    longest: int | None
    growing: Growing | None = None
    others: tuple[Part, ...] = ()

    @property
    def judges(self) -> bool:
        return self.verifier is not None

    @property
    def samples(self) -> int | None:
        """The most for a problem."""
        if self.prompts is None or self.each is None:
            return None
        return self.prompts * self.each


def planned_roles(recipe: Recipe) -> list[PlannedRole]:
    """All roles, the sampler's first."""
    found = list(_of_sampler(recipe))
    for i, verifier in enumerate(recipe.verifiers):
        found += _of_verifier(recipe, verifier, ("verifiers", i))
    return found


def silent_methods(recipe: Recipe) -> list[str]:
    """What methods do not say, though it tells how many samples there will be."""
    sampler, said = recipe.sampler, "does not say how many {} it {}"
    silent = []
    if sampler.most_samples() is None:
        silent.append(f"the sampler {said.format('samples', 'asks for')}")
    elif recipe.verifiers and sampler.most_solutions() is None:
        silent.append(f"the sampler {said.format('solutions', 'gives')} to be verified")
    for verifier in recipe.verifiers:
        if verifier.most_samples(1) is None:
            silent.append(f"{verifier.label} {said.format('samples', 'asks for')}")
    return silent


def _of_sampler(recipe: Recipe) -> Iterator[PlannedRole]:
    sampler = recipe.sampler
    most, templates, longest = sampler.most_samples(), sampler.templates(), sampler.longest()
    growing = {role: _named(recipe, one) for role, one in sampler.growing().items()}
    models = _models(sampler, ("sampler",), recipe.backend, SOLVER)
    for role in models if most is None else most:
        samples = None if most is None else most[role]
        own = role in templates or (sampler.exchangeable and role == SOLVER)
        one_prompt = own or samples is None
        yield PlannedRole(
            name=role,
            role=role,
            verifier=None,
            model=models.get(role, (recipe.backend,))[0],
            template=(templates.get(role) or recipe.prompt) if own else None,
            prompts=recipe.repeats * (1 if one_prompt else samples or 0),
            each=samples if one_prompt else 1,
            exact=sampler.exchangeable and samples is not None,
            longest=0 if role == PROGRAM else longest.get(role),
            growing=None if own else growing.get(role),
            others=models.get(role, ())[1:],
        )


def _of_verifier(recipe: Recipe, verifier: VerifierPart, at: Path) -> Iterator[PlannedRole]:
    given = recipe.sampler.most_solutions()
    most = None if given is None else verifier.most_samples(given)
    of_one = verifier.most_samples(1) or {}
    templates, longest = verifier.templates(), verifier.longest()
    models = _models(verifier, at, recipe.backend, VERIFIER)
    for role in models if most is None else most:
        samples = None if most is None else most[role]
        each = of_one.get(role) or 1
        # Where it makes its prompts from what was said before, it may be done with fewer.
        told = samples is not None and role in templates
        if samples is not None and samples % each:
            each = 1
        yield PlannedRole(
            name=verifier.label if role == VERIFIER else f"{verifier.label}.{role}",
            role=role,
            verifier=verifier.label,
            model=models.get(role, (verifier.backend or recipe.backend,))[0],
            template=templates.get(role),
            prompts=None if samples is None else recipe.repeats * samples // each,
            each=each,
            exact=recipe.sampler.exchangeable and role == VERIFIER and told,
            longest=0 if role == PROGRAM else longest.get(role),
            others=models.get(role, ())[1:],
        )


def _named(recipe: Recipe, growing: Growing) -> Growing:
    """With the dataset's own template by its name."""
    names = [name or recipe.dataset.default_prompt for name in growing.templates]
    return replace(growing, templates=tuple(dict.fromkeys(names)))


def _models(part: MethodPart, at: Path, default: Part, own: Role) -> dict[Role, tuple[Part, ...]]:
    """By role, the models of a method and of those inside it; see `ttc.attempt`."""
    found: dict[Role, list[Part]] = {}
    roles: dict[Path, Role] = {}
    parts: dict[Path, MethodPart] = {}
    for path, one, outer, models in walk_models(part, at, default):
        above = own
        if outer is not None:
            above = roles[outer]
            if isinstance(one, VerifierPart):  # which its owner has judge
                above = parts[outer].role_of(str(path[len(outer)]))
        parts[path], roles[path] = one, above
        for field, model in models.items():
            if field == "backend" and outer is not None and not isinstance(one, VerifierPart):
                continue  # by which its owner asks
            known = found.setdefault(above if field == "backend" else one.role_of(field), [])
            if model not in known:
                known.append(model)
    return {role: tuple(known) for role, known in found.items()}
