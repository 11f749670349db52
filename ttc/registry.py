"""Names in recipes to the classes behind them.

A method is a pydantic config with the function that runs it. One decorator registers it:

    @register
    class Majority(PolicyPart):
        '''Plurality answer of S solutions.'''

        type: Literal["majority"] = "majority"

The registry feeds the recipe schema, `ttc list`, the JSON Schema and the docs, so these can't
disagree. A kind's folder is listed and every module and package in it is imported, so a new method
is one new file, or a package where it needs several. What registers nothing there is a helper, and
cheap to import: a room of helpers is a package with an empty `__init__`. Other packages register
theirs with an entry point in the group `ttc.plugins`, which names a module to import.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from ttc import plugin_code, plugins
from ttc.core import Role
from ttc.errors import UsageError
from ttc.terminal import say

Kind = Literal["backend", "dataset", "sampler", "verifier", "policy"]
FOLDERS: dict[Kind, str] = {
    "backend": "ttc.backends",
    "dataset": "ttc.datasets",
    "sampler": "ttc.samplers",
    "verifier": "ttc.verifiers",
    "policy": "ttc.policies",
}


class Part(BaseModel):
    """Base of every registered config: strict about unknown keys, immutable.

    A concrete part has a field `type: Literal["name"] = "name"`; that name is the recipe's.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
    kind: ClassVar[Kind]
    extra: ClassVar[str | None] = None
    """The optional dependency group that it needs, for `ttc list`."""
    later: ClassVar[frozenset[str]] = frozenset()
    """Fields that came after a release with this part. Where they have their defaults, a recipe is
    the run that it was before."""


class MethodPart(Part):
    """Base of parts that hold an attempt: samplers and verifiers."""

    executes: ClassVar[bool] = False
    """Whether it runs programs that models write, in the sandbox."""
    continues: ClassVar[bool] = False
    """Whether its model goes on from answers that it is given the beginning of: where its prompt is
    a chat, the backend must take a prefill."""
    prompt_variables: ClassVar[Mapping[str, frozenset[str]]] = {}
    """By field that names a prompt template: the variables that it may use beside the problem's;
    where nothing is said, `solution` in a verifier's."""
    prompt_models: ClassVar[Mapping[str, str]] = {}
    """By field that names a prompt template, or holds samplers that are ways to ask: the field of
    the models which get these prompts, where that is not `backend`. Of as many samplers as models
    each has its own; where none is named, it is the `backend` after all."""
    waves: ClassVar[int | None] = None
    """How many times it asks its models for a problem, each time by what came before, methods
    inside it apart; None where that depends on what they say. In batch mode each may take a day,
    so there it must be known."""
    roles: ClassVar[Mapping[str, Role]] = {}
    """By field that names a model: in which role that is asked, where not the field's own name."""

    @property
    def needs(self) -> Mapping[str, int]:
        """The least capabilities of the model that it can't do without, by name.

        Such as {"logprobs": 1}; see `ttc.core.Capabilities`. Recipes are checked against them.
        """
        return {}

    @property
    def turn_prompts(self) -> frozenset[str]:
        """Fields whose prompt templates go on in the context that another prompt began, and are to
        be of its form: of a sampler, that of its `prompt`; of a verifier, those of solutions.
        """
        return frozenset()

    def role_of(self, field: str) -> Role:
        """In which role the model or the verifier of another field than `backend` is asked."""
        return self.roles.get(field, field.split(".")[0])


P = TypeVar("P", bound=type[Part])
_registry: dict[tuple[Kind, str], type[Part]] = {}


def register(cls: P) -> P:
    """Register a concrete part under the default of its `type` field."""
    name = _type_name(cls)
    known = _registry.get((cls.kind, name))
    if known is not None and (known.__module__, known.__qualname__) != (
        cls.__module__,
        cls.__qualname__,
    ):
        raise UsageError(
            f"two {cls.kind}s are called {name!r}: {known.__module__} and {cls.__module__}"
        )
    _registry[(cls.kind, name)] = cls
    plugins.note(cls.__module__)
    plugin_code.note(cls)
    return cls


Path = tuple[str | int, ...]
"""Keys and list places that lead to a part."""


def inner_parts(part: Part) -> Iterator[tuple[Path, Part]]:
    """The parts that are a part's fields, or in lists of its fields, with their key paths."""
    for name in type(part).model_fields:
        value = getattr(part, name)
        if isinstance(value, Part):
            yield (name,), value
        elif isinstance(value, list | tuple):
            yield from (((name, i), one) for i, one in enumerate(value) if isinstance(one, Part))


def all_parts(part: Part) -> Iterator[Part]:
    """A part and all parts inside it."""
    yield part
    for _, inner in inner_parts(part):
        yield from all_parts(inner)


def models_of(part: Part) -> dict[str, Part]:
    """The backends that a part names, by field (`prm`, `drafts.0`)."""
    return {
        ".".join(map(str, path)): one for path, one in inner_parts(part) if one.kind == "backend"
    }


def walk(part: MethodPart, at: Path = ()) -> Iterator[tuple[Path, MethodPart, Path | None]]:
    """A method and all methods inside it that may ask models: key path, the method, the path of
    that it stands in.

    One object may stand in several places, as a default is shared: paths tell them apart.
    """
    pending: list[tuple[Path, MethodPart, Path | None]] = [(at, part, None)]
    while pending:
        path, one, outer = pending.pop(0)
        yield path, one, outer
        pending += [
            ((*path, *inside), inner, path)
            for inside, inner in inner_parts(one)
            if isinstance(inner, MethodPart)
        ]


M = TypeVar("M")


def asked_by(part: MethodPart, inside: Path, models: Mapping[str, M]) -> list[M]:
    """The models that get the prompts of a part's field, or of a method inside it.

    inside: the path from the part to the field or method; models: the part's, by field.
    """
    field, *place = inside
    wanted = part.prompt_models.get(str(field), "backend")
    found = {name: one for name, one in models.items() if name.partition(".")[0] == wanted}
    own = ".".join(map(str, (wanted, *place[:1])))
    if place and own in found and len(found) == len(getattr(part, str(field))):
        return [found[own]]
    return list(found.values()) or [models["backend"]]


def walk_models(
    part: MethodPart, at: Path, default: Any
) -> Iterator[tuple[Path, MethodPart, Path | None, dict[str, Any]]]:
    """As `walk`, with the models of each by field: its own `backend`, else that by which the method
    it stands in asks, else the default, stands under that name, too. A method by which several
    models are asked comes with each of them. default: a backend; None where a recipe has no valid
    one.
    """
    known: dict[Path, tuple[MethodPart, dict[str, Any]]] = {}
    for path, one, outer in walk(part, at):
        used = [default]
        if outer is not None:
            above, models = known[outer]
            used = asked_by(above, path[len(outer) :], models)
        for model in [m for i, m in enumerate(used) if m not in used[:i]]:
            models = {"backend": model, **models_of(one)}
            known.setdefault(path, (one, models))
            yield path, one, outer, models


def _type_name(cls: type[Part]) -> str:
    return str(cls.model_fields["type"].default)


@cache
def _load(kind: Kind) -> None:
    package = importlib.import_module(FOLDERS[kind])
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    broken_plugins()


@cache
def broken_plugins() -> tuple[str, ...]:
    """A line on each plug-in that can't be loaded, which is told once, as a warning.

    What a recipe does not use must not keep it from running; a part that is missing for this is
    reported with these lines beside it.
    """
    try:
        _load_plugins()
    except UsageError as error:
        lines = str(error).splitlines()
        for line in lines:
            say(f"Warning: {line}", error=True)
        return tuple(lines)
    return ()


@cache
def _load_plugins() -> None:
    """Import all plug-ins. Raises `UsageError` with a line on each that can't be."""
    faults = []
    for point in entry_points(group="ttc.plugins"):
        name = plugins.named(point)
        try:
            point.load()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # foreign code, which may also leave by sys.exit
            faults.append(f"{name} can't be loaded: {plugins.told(error)}")
    if faults:
        raise UsageError("\n".join(faults))


def parts(kind: Kind) -> dict[str, type[Part]]:
    """Every registered class of a kind by recipe name, built-ins and plug-ins, sorted."""
    _load(kind)
    return {name: cls for (k, name), cls in sorted(_registry.items()) if k == kind}


def summary(cls: type[Part]) -> str:
    """The first line of a class's docstring."""
    return (cls.__doc__ or "").strip().splitlines()[0] if cls.__doc__ else ""
