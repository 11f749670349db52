"""What runs are called beside each other: by what differs in their recipes, never by a hash."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import PurePath
from typing import Any

from ttc.recipe.differences import differences, short_names, told
from ttc.store.manifest import Manifest
from ttc.store.run_folder import RunFolder
from ttc.visible import visible_line

_LATER = ("budget", "grid", "cost", "policies", "answers")
"""How samples were limited, counted and read: what names runs only where nothing else differs."""
_SAID = {
    "dataset": "data {}",
    "dataset.family": "{}",
    "dataset.path": "{}",
    "backend.model": "model {}",
    "sampler": "sampler {}",
    "sampler.solutions": "{} solutions",
    "sampler.temperature": "temperature {}",
    "sampler.max_tokens": "at most {} tokens each",
    "prompt": "prompt {}",
    "verifiers": "verifier {}",
    "seed": "seed {}",
}
"""Of what is equal, what a reader would ask for, and how it is said."""
_UNNAMED = ("grid", "verifiers")
"""What differs without a word: rows say whose verdicts they read."""
_MOST_TOKENS, _LONGEST = 3, 48

Tokens = dict[str, str]
"""By dotted key of the recipe, what is to be said of it."""


@dataclass(frozen=True)
class Names:
    """names: of each run, in their order. tokens: what differs, by key, `temperature=0.6`; empty
    where recipes' own names tell runs apart better. equal: what all have in common, of the keys
    that a reader would ask for, in words; also: further keys that differ and are in no name.
    """

    names: tuple[str, ...]
    tokens: tuple[Tokens, ...]
    equal: Tokens
    also: tuple[str, ...]


def names_of(runs: Sequence[RunFolder], pooled: Sequence[str] = ()) -> Names:
    """Names of runs, each another, by what differs in their recipes. pooled: dotted keys that tell
    repeats of one recipe apart, and are in no name.

    Where too much differs for a short name, and for samples of others, by what their recipes are
    called, without what all of them begin with.
    """
    manifests = [run.manifest() for run in runs]
    recipes = [without_keys(told_recipe(one), pooled) for one in manifests]
    called = _called(runs, manifests)
    common, each = differences({str(i): own for i, own in enumerate(recipes)})
    found = list(each.values())
    first = [{k: v for k, v in one.items() if _section(k) not in _LATER} for one in found]
    chosen = _shortest(_said(first if any(first) else found))
    names = [", ".join(one.values()) for one in chosen]
    foreign = len({_kind(one) for one in recipes}) > 1 or any("import" in one for one in recipes)
    short = all(len(one) <= _MOST_TOKENS for one in chosen) and max(map(len, names)) <= _LONGEST
    if not _distinct(chosen) or (len(set(called)) == len(runs) and (foreign or not short)):
        names, chosen = _without_shared(called), [{} for _ in runs]
    keys = {key for one in chosen for key in one}
    also = [k for k in (found[0] if found else ()) if k not in keys and _section(k) not in _UNNAMED]
    return Names(tuple(_numbered(names)), tuple(chosen), _equal(common), tuple(also))


def _called(runs: Sequence[RunFolder], manifests: Sequence[Manifest]) -> list[str]:
    """What recipes are called; of copies of one recipe's run, the folders that they lie in, where
    these tell them apart.
    """
    called = [str(one.recipe.get("name") or one.recipe_name) for one in manifests]
    folders = [run.recipe_name for run in runs]
    alike = len(set(called)) == 1 < len(runs)
    return folders if alike and len(set(folders)) == len(runs) else called


def told_recipe(manifest: Manifest) -> dict[str, Any]:
    """The recipe with the run's seed, which is last, as it matters least."""
    recipe = {k: v for k, v in manifest.recipe.items() if k != "seed"}
    return {**recipe, "seed": manifest.seed}


def without_keys(recipe: Mapping[str, Any], paths: Sequence[str]) -> dict[str, Any]:
    """A copy without some keys, `sampler.temperature`; what is not there is no fault."""
    found: dict[str, Any] = json.loads(json.dumps(recipe, default=str))
    for path in paths:
        *above, last = path.split(".")
        at: Any = found
        for word in above:
            at = _inner(at, word)
        if isinstance(at, dict):
            at.pop(last, None)
    return found


def _inner(value: Any, word: str) -> Any:
    if isinstance(value, list) and word.isdecimal() and int(word) < len(value):
        return value[int(word)]
    return value.get(word) if isinstance(value, dict) else None


def _kind(recipe: Mapping[str, Any]) -> str:
    return next((key for key in ("simulate", "import") if key in recipe), "run")


def _section(key: str) -> str:
    return key.partition(".")[0]


def _said(each: Sequence[Mapping[str, Any]]) -> list[Tokens]:
    short = short_names([key for key in each[0] if key])
    return [{key: _token(short[key], key, value) for key, value in one.items()} for one in each]


def _shortest(each: Sequence[Tokens]) -> list[Tokens]:
    """Without what rows say anyway, whose verdicts they read, and without what a recipe lacks,
    where the rest still tells recipes apart.
    """
    found = list(each)
    judged = [{k: v for k, v in one.items() if _section(k) != "verifiers"} for one in found]
    found = judged if _distinct(judged) else found
    there = [{k: v for k, v in one.items() if not v.startswith("no ")} for one in found]
    return there if _distinct(there) else found


def _distinct(each: Sequence[Tokens]) -> bool:
    names = {", ".join(one.values()) for one in each}
    return len(names) == len(each) and "" not in names


def _token(short: str, key: str, value: Any) -> str:
    name = "verifier" if short == "verifiers" else short
    text = visible_line(_text(key, value))
    if text == "-":
        return f"no {name}"
    return text if name == "model" else f"{name}={text}"


def _text(key: str, value: Any) -> str:
    """A value in few letters; of a file, its name."""
    files = key.endswith(("prompt", "path")) and isinstance(value, str)
    return PurePath(value).stem if files else told(value)


def _numbered(names: Sequence[str]) -> list[str]:
    """Each another: of runs of one and the same recipe, by their order."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if names.count(name) == 1 else f"{name} #{seen[name]}")
    return found


def _without_shared(names: Sequence[str]) -> list[str]:
    """Recipes' names without the words that all of them begin with."""
    words = [name.split("-") for name in names]
    alike = takewhile(lambda column: len(set(column)) == 1, zip(*words, strict=False))
    shared = sum(1 for _ in alike) if len(set(names)) > 1 else 0
    return ["-".join(own[shared:]) or "-".join(own) for own in words]


def _equal(common: Mapping[str, Any]) -> Tokens:
    """What all have alike, of the keys that a reader would ask for."""
    texts = {key: _text(key, common.get(key)) for key in _SAID}
    return {
        key: visible_line(_SAID[key].format(text)) for key, text in texts.items() if text != "-"
    }
