"""What differs between recipes, key by key, and what they have in common.

Recipes are compared as plain data with their defaults written out, as manifests keep them. A part
is told by its type (`sampler` is `beam`), what is in it by dotted keys (`sampler.temperature`), as
`--set` names them. What only names or drives a recipe, and what follows from another key, is left
out: between two temperatures, one key differs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ttc.recipe.identity import LABELS, resolve

if TYPE_CHECKING:
    from ttc.recipe.model import Recipe

Absence = Literal["differs", "default", "other part"]
"""What it means that some recipe lacks a key: that it differs; that it is older than the key, and
has its default; that it has another part there, which its type tells."""
_ABSENT: Any = object()


def differences(
    recipes: Mapping[str, Recipe | Mapping[str, Any]],
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """What is equal in all recipes, once, and by recipe what differs: dotted keys and their values.

    recipes: by any names, validated or as plain data (that of a manifest). All recipes of the
    answer have the same keys, in the schema's order; None where one lacks it. Where parts are of
    different types, those keys in them are told that two recipes have with different values, and
    the model always. Lists of parts are told by the parts' names. The seed is a key like any other;
    the recipe's name, description, results folder and engine are no keys.
    """
    common: dict[str, Any] = {}
    each: dict[str, dict[str, Any]] = {name: {} for name in recipes}
    for leaf in _leaves("", [_plain(recipe) for recipe in recipes.values()]):
        if leaf.differs:
            for told, value in zip(each.values(), leaf.values, strict=True):
                told[leaf.key] = None if value is _ABSENT else value
        elif leaf.shared:
            common[leaf.key] = leaf.there[0]
    return common, each


def short_names(keys: Sequence[str]) -> dict[str, str]:
    """Each dotted key by as few of its last words as tell it from the others.

    `temperature` for `sampler.temperature`; a number never begins one.
    """
    words = [key.split(".") for key in keys]

    def shortest(own: list[str]) -> str:
        for n in range(1, len(own)):
            same = [other for other in words if other[-n:] == own[-n:]]
            if len(same) == 1 and not own[-n].isdecimal():
                return ".".join(own[-n:])
        return ".".join(own)

    return {key: shortest(own) for key, own in zip(keys, words, strict=True)}


def told(value: Any) -> str:
    """A value in few letters, for names of rows and columns; `-` for none."""
    if value is None or value == [] or value == {}:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return "+".join(told(one) for one in value)
    if isinstance(value, Mapping):
        return " ".join(f"{key}={told(one)}" for key, one in value.items())
    return str(value)


@dataclass(frozen=True)
class _Leaf:
    """A dotted key and its value in each recipe."""

    key: str
    values: Sequence[Any]
    absence: Absence

    @property
    def there(self) -> list[Any]:
        return [value for value in self.values if value is not _ABSENT]

    @property
    def differs(self) -> bool:
        counted = self.values if self.absence == "differs" else self.there
        return len({_canonical(value) for value in counted}) > 1

    @property
    def shared(self) -> bool:
        """Whether it can be said of all recipes."""
        whole = len(self.there) == len(self.values) or self.absence != "other part"
        return bool(self.there) and whole


def _canonical(value: Any) -> str:
    """1.0 and 1 are the same number; nothing and null are the same."""
    return json.dumps(_numbers(value), sort_keys=True, default=str)


def _numbers(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _numbers(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_numbers(inner) for inner in value]
    if value is _ABSENT:
        return None
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _plain(recipe: Recipe | Mapping[str, Any]) -> dict[str, Any]:
    """Without what `resolve` writes out of other keys, or one difference would be told twice."""
    data = dict(recipe) if isinstance(recipe, Mapping) else resolve(recipe)
    data = {key: value for key, value in data.items() if key not in LABELS}
    sampler, verifiers, grid = (data.get(key) for key in ("sampler", "verifiers", "grid"))
    most = sampler.get("solutions") if isinstance(sampler, Mapping) else None
    judges = [one for one in _listed(verifiers) if isinstance(one, Mapping)]
    if judges:
        usual = {"backend": data.get("backend"), "solutions": most}
        data["verifiers"] = [_without_usual(one, usual) for one in _listed(verifiers)]
    if isinstance(grid, Mapping):
        deep = max((one.get("verifications", 1) for one in judges), default=None)
        data["grid"] = dict(grid) | {
            key: "powers_of_two"
            for key, largest in (("solutions", most), ("verifications", deep))
            if isinstance(largest, int) and _doubles(grid.get(key), largest)
        }
    return data


def _without_usual(part: Any, usual: Mapping[str, Any]) -> Any:
    if not isinstance(part, Mapping):
        return part
    return {key: None if usual.get(key) == value else value for key, value in part.items()}


def _doubles(steps: Any, largest: int) -> bool:
    return list(_listed(steps)) == [2**i for i in range(largest.bit_length())]


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _leaves(path: str, values: Sequence[Any], absence: Absence = "default") -> Iterator[_Leaf]:
    """The keys at and below a place, given what each recipe has there."""
    if any(_is_part(one) for one in values):
        yield from _of_part(path, [_as_part(one) for one in values], absence)
    elif any(isinstance(one, Mapping) for one in values):
        yield from _of_section(path, values, absence)
    elif any(_is_part(part) for one in values for part in _listed(one)):
        yield from _of_parts(path, values, absence)
    else:
        yield _Leaf(path, values, absence)


def _is_part(value: Any) -> bool:
    return isinstance(value, Mapping) and "type" in value


def _as_part(value: Any) -> Any:
    return {"type": value} if isinstance(value, str) else value


def _of_part(path: str, values: Sequence[Any], absence: Absence) -> Iterator[_Leaf]:
    types = [one["type"] if _is_part(one) else one for one in values]
    yield _Leaf(path, types, "other part" if absence == "other part" else "differs")
    yield from _in_part(path, values, absence)


def _in_part(path: str, values: Sequence[Any], absence: Absence) -> Iterator[_Leaf]:
    types = {str(one["type"]) if _is_part(one) else None for one in values}
    inside: Absence = absence if len(types) == 1 else "other part"
    for key in _keys(values):
        if key != "type":
            lacking: Absence = "differs" if key == "model" else inside
            yield from _leaves(f"{path}.{key}", [_at(one, key) for one in values], lacking)


def _of_section(path: str, values: Sequence[Any], absence: Absence) -> Iterator[_Leaf]:
    """A mapping that is no part: the recipe itself, its sections, and free ones in these or parts.

    Who lacks a key that somebody made up differs by that.
    """
    if any(_filled(one) and not isinstance(one, Mapping) for one in values):
        yield _Leaf(path, values, absence)
        return
    free = "." in path and absence != "other part"
    for key in _keys(values):
        inside = f"{path}.{key}" if path else str(key)
        found = [_at(one, key) for one in values]
        yield from _leaves(inside, found, "differs" if free else absence)


def _filled(value: Any) -> bool:
    return value is not _ABSENT and value is not None


def _of_parts(path: str, values: Sequence[Any], absence: Absence) -> Iterator[_Leaf]:
    """A list of parts, told by their names; those of one name are compared wherever they stand."""
    named = [_named([_as_part(part) for part in _listed(one)]) for one in values]
    lists = [[name for name, _ in one] for one in named]
    yield _Leaf(path, lists, "other part" if absence == "other part" else "differs")
    for name in dict.fromkeys(name for one in named for name in one):
        place = next(list(one).index(name) for one in named if name in one)
        found = [one.get(name, _ABSENT) for one in named]
        inside: Absence = "other part" if _ABSENT in found else absence
        yield from _in_part(f"{path}.{place}", found, inside)


def _named(parts: Sequence[Any]) -> dict[tuple[str, int], Any]:
    """Parts by name, or type where they have none, and by which of that name they are."""
    found: dict[tuple[str, int], Any] = {}
    for part in parts:
        name = str(part.get("name") or part.get("type")) if isinstance(part, Mapping) else str(part)
        found[name, sum(known == name for known, _ in found)] = part
    return found


def _keys(values: Sequence[Any]) -> list[Any]:
    return list(dict.fromkeys(key for one in values if isinstance(one, Mapping) for key in one))


def _at(value: Any, key: Any) -> Any:
    return value.get(key, _ABSENT) if isinstance(value, Mapping) else _ABSENT
