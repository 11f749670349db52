"""Prompt templates against the method that fills them in and the backend that gets them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ttc.core import Capabilities
from ttc.errors import RecipeError, TtcError
from ttc.faults import Fault, KeyPath, dotted
from ttc.prompts import PromptTemplate, load_prompt, shipped
from ttc.recipe.capabilities import offered
from ttc.recipe.translate import translate
from ttc.registry import Part
from ttc.words import nearest
from ttc.yamltext import read_source

_VARIABLE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_ALWAYS = frozenset({"question", "choices"})
_OFFERED = {"sampler": _ALWAYS, "verifier": _ALWAYS | {"solution"}}
"""Prompt variables of a field for which its method does not declare `prompt_variables`."""


def check_prompt(
    at: KeyPath, part: Part, name: str, backend: Any, field: str = "prompt"
) -> Iterator[Fault]:
    """Faults of one part's prompt; `at` is the part's key path, `field` that of the prompt."""
    path = (*at, field)
    try:
        template = load_prompt(name)
    except (TtcError, OSError, ValueError):
        yield from (Fault(path, text) for text in _why_not(name))
        return
    own = getattr(part, "prompt_variables", {}).get(field)
    known = _OFFERED.get(part.kind, frozenset()) if own is None else _ALWAYS | own
    for variable in sorted(_variables(template) - known):
        here = ", ".join(sorted(known))
        yield Fault(path, f"the prompt {name!r} uses {{{{ {variable} }}}}; offered here: {here}")
    yield from _form(path, name, template, backend)
    offers = None if backend is None else offered(backend)
    continues = getattr(part, "continues", False)
    if offers and continues and template.is_chat and not offers.prefill:
        text = "it goes on from begun answers (prefill), which the backend"
        yield Fault(path, f"{text} {backend.type!r} can't continue as it is set")


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
