"""Prompt templates against the method that fills them in and the backend that gets them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ttc.core import Capabilities
from ttc.errors import RecipeError, TtcError
from ttc.faults import Fault, KeyPath, dotted
from ttc.named_files import is_prompt_key
from ttc.prompts import METADATA, PromptTemplate, load_prompt, shipped
from ttc.recipe.capabilities import offered
from ttc.recipe.translate import translate
from ttc.recipe.valid import Valid, methods
from ttc.registry import MethodPart, Part, asked_by, walk
from ttc.words import nearest
from ttc.yamltext import read_source

_VARIABLE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_ALWAYS = frozenset({"question", "choices"})
_OFFERED = {"sampler": _ALWAYS, "verifier": _ALWAYS | {"solution"}}
"""Prompt variables of a field for which its method does not declare `prompt_variables`."""


def check_prompts(valid: Valid) -> Iterator[Fault]:
    """All prompts of all methods, against their variables and the models that get them."""
    known: dict[KeyPath, MethodPart] = {}
    for at, part, outer, models in methods(valid):
        known[at] = part
        above = None if outer is None else known[outer]
        # A sampler inside a sampler is a way in which that one asks.
        asks = [one for one in (part, above) if one is not None and one.kind == part.kind]
        for field in filter(is_prompt_key, type(part).model_fields):
            name = _prompt_of(valid, part, field)
            if not name:
                continue
            goes_on = field == "prompt" and any(one.continues for one in asks)
            for model in asked_by(part, (field,), models):
                yield from _prompt(at, part, name, model, field, goes_on)
            if field in part.turn_prompts:
                own = [_prompt_of(valid, part, "prompt")]
                contexts = own if part.kind == "sampler" else _of_solutions(valid)
                yield from _turn((*at, field), name, filter(None, contexts))


def _prompt_of(valid: Valid, part: MethodPart, field: str) -> str | None:
    """What stands in a prompt field, or what that stands for where it is empty."""
    name = getattr(part, field, None)
    if name is None and field == "prompt" and field in type(part).model_fields:
        if part.kind == "sampler":
            return getattr(valid.get("dataset"), "default_prompt", None)
        templates: dict[str, str] = getattr(part, "templates", dict)()
        name = templates.get("verifier")
    return name if isinstance(name, str) else None


def _of_solutions(valid: Valid) -> Iterator[str | None]:
    """The prompts behind which solutions are written."""
    if (sampler := valid.get("sampler")) is not None:
        found = (one for _, one, _ in walk(sampler) if one.kind == "sampler")
        yield from dict.fromkeys(_prompt_of(valid, one, "prompt") for one in found)


def _prompt(
    at: KeyPath, part: Part, name: str, backend: Any, field: str, continues: bool
) -> Iterator[Fault]:
    """Faults of one part's prompt; `at` is the part's key path, `field` that of the prompt.

    backend: which gets it, None where nobody knows; continues: whether that is to go on from what
    an answer begins with.
    """
    path = (*at, field)
    try:
        template = load_prompt(name)
    except (TtcError, OSError, ValueError):
        yield from (Fault(path, text) for text in _why_not(name))
        return
    known = offered_variables(type(part), field)
    for variable in sorted(_variables(template) - known):
        if variable in template.variables and variable.startswith(METADATA):
            continue  # whether the problems have it is seen when they are there
        here = ", ".join([*sorted(known), f"{METADATA}NAME"])
        yield Fault(path, f"the prompt {name!r} uses {{{{ {variable} }}}}; offered here: {here}")
    yield from _form(path, name, template, backend)
    offers = None if backend is None else offered(backend)
    if offers and continues and template.is_chat and not offers.prefill:
        text = "it goes on from begun answers (prefill), which the backend"
        yield Fault(path, f"{text} {backend.type!r} can't continue as it is set")


def offered_variables(cls: type[Part], field: str) -> frozenset[str]:
    """The variables that a part's prompt field may use, beside metadata.

    Whoever shows a solution also shows what it says without its thinking.
    """
    own = getattr(cls, "prompt_variables", {}).get(field)
    known = _OFFERED.get(cls.kind, frozenset()) if own is None else _ALWAYS | own
    return known | {"answer_part"} if "solution" in known else known


def prompts_named(valid: Valid) -> Iterator[tuple[KeyPath, str]]:
    """The prompts that a recipe's methods fill in, by key path."""
    for at, part, _, _ in methods(valid):
        for field in filter(is_prompt_key, type(part).model_fields):
            if name := _prompt_of(valid, part, field):
                yield (*at, field), name


def _turn(at: KeyPath, name: str, contexts: Iterable[str]) -> Iterator[Fault]:
    """Of a prompt that goes on in the context of others, whether it has the form of all of them.

    at: its key path; contexts: their names. Those that do not load are told by themselves.
    """
    form = _form_of(name)
    for other in contexts:
        its = _form_of(other)
        if form and its and form != its:
            text = (
                f"{name!r} is a {form} prompt and goes on in the context of {other!r}, a {its} "
                "one; choose one of the same form"
            )
            yield Fault(at, text)


def _form_of(name: str) -> str:
    try:
        return "chat" if load_prompt(name).is_chat else "raw"
    except (TtcError, OSError, ValueError):
        return ""


def _why_not(name: str) -> list[str]:
    """What is wrong with a template that does not load, one text each."""
    path = Path(name)
    try:
        if not path.is_file():
            raise ValueError
    except (OSError, ValueError):
        tail = nearest(name, shipped()).replace("known:", "shipped:")
        return [f"no prompt is called {name[:80]!r}, and there is no such file{tail}"]
    try:
        source = read_source(path, name, "prompt template")
        if source.faults:
            fault = source.faults[0]
            return [f"{name}:{fault.line or source.line(fault.path)}: {fault.text}"]
        PromptTemplate.model_validate(source.data)
    except RecipeError as error:
        return [str(error)]
    except ValidationError as error:
        return [
            f"{name}:{source.line(fault.path)}: {dotted(fault.path) or 'template'}: {fault.text}"
            for fault in translate(error, PromptTemplate, source.data)
        ]
    return [f"{name}: can't be read as a prompt template"]


def _variables(template: PromptTemplate) -> set[str]:
    texts = [*(turn.content for turn in template.messages), template.text or "", template.prefill]
    return {match for text in texts for match in _VARIABLE.findall(text)}


def _form(path: KeyPath, name: str, template: PromptTemplate, backend: Any) -> Iterator[Fault]:
    """Whether the backend takes this form of prompt; one that tells nothing takes any."""
    form = "chat" if template.is_chat else "raw"
    offers = offered(backend)
    forms = _forms(backend, offers)
    if forms is not None and form not in forms:
        has = " and ".join(sorted(forms))
        text = f"{name!r} is a {form} prompt, but the backend {backend.type!r} takes {has} prompts"
        yield Fault(path, text)
    if offers is None:
        return
    if template.is_chat and template.prefill and not offers.prefill:
        begun = "begins the answer (prefill), which the backend"
        yield Fault(path, f"{name!r} {begun} {backend.type!r} can't continue as it is set")
    if template.stop and not offers.stop:
        text = f"{name!r} has stop texts, which the backend {backend.type!r} takes none of"
        yield Fault(path, text)


def _forms(backend: Any, offers: Capabilities | None) -> frozenset[str] | None:
    declared = getattr(backend, "prompt_forms", None)
    if declared is not None or offers is None:
        return declared
    return frozenset(form for form in ("chat", "raw") if getattr(offers, form))
