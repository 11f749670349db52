"""The shipped prompt templates, for people who look for one to start from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from ttc.named_files import is_prompt_key
from ttc.prompts import load_prompt, shipped
from ttc.recipe.shipped import shipped_files
from ttc.registry import Kind, parts

_METHODS: tuple[Kind, ...] = ("sampler", "verifier")
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class ShippedPrompt:
    """form: the roles of its turns, or raw; used_by: parts that take it where none is named, else
    recipes that name it.
    """

    name: str
    form: str
    variables: tuple[str, ...]
    description: str
    used_by: tuple[str, ...]


def shipped_prompts() -> list[ShippedPrompt]:
    """All of them, by name."""
    by_parts = _grouped(_of_parts())
    by_recipes = _grouped(_of_recipes())
    found = []
    for name in shipped():
        template = load_prompt(name)
        roles = " ".join(dict.fromkeys(turn.role for turn in template.messages)) or "raw"
        used = by_parts.get(name) or by_recipes.get(name, [])[:_SHOWN]
        form = f"{roles}, prefill" if template.prefill else roles
        made = ShippedPrompt(name, form, template.variables, template.description, tuple(used))
        found.append(made)
    return found


def _grouped(pairs: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for prompt, user in pairs:
        if user not in found.setdefault(prompt, []):
            found[prompt].append(user)
    return found


def _of_parts() -> Iterator[tuple[str, str]]:
    for kind in _METHODS:
        for name, cls in parts(kind).items():
            for field, info in cls.model_fields.items():
                if is_prompt_key(field) and isinstance(info.default, str):
                    yield info.default, name if field == "prompt" else f"{name}.{field}"
    for name, cls in parts("dataset").items():
        usual = getattr(cls, "default_prompt", None)
        if isinstance(usual, str):
            yield usual, f"dataset {name}"


def _of_recipes() -> Iterator[tuple[str, str]]:
    for name, path in shipped_files().items():
        for prompt in _named(yaml.safe_load(path.read_text(encoding="utf-8"))):
            yield prompt, f"recipe {name}"


def _named(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, str) and is_prompt_key(str(key)):
                yield inner
            yield from _named(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner)
