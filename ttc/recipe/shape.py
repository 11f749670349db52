"""Which models a recipe's values are validated as: for near names and for overrides.

Pydantic's errors say that a key is unknown, not which keys are known; this walks the annotations
along a key path, through unions, lists, mappings and parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from inspect import isclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ttc.faults import KeyPath
from ttc.refs import PartRef


def known_keys(root: type[BaseModel], data: Any, path: KeyPath) -> set[str]:
    """The keys that the mapping at this path may have; empty where nobody knows."""
    hints: list[Any] = [root]
    for step in path:
        hints = _step(hints, data, step)
        data = _get(data, step)
    models = [model for hint in hints for model in _models(hint, data)]
    return {info.alias or name for m in models for name, info in m.model_fields.items()}


def given_fields(
    root: type[BaseModel], data: Any
) -> Iterator[tuple[dict[str, Any], type[BaseModel], str, FieldInfo]]:
    """Each key that the data gives of a model, at any depth: the mapping in which it stands, the
    class that this is validated as, the key and its field.
    """
    stack: list[tuple[list[Any], Any]] = [([root], data)]
    while stack:
        hints, value = stack.pop()
        stack += [(_step(hints, value, key), inner) for key, inner in _items(value)]
        if isinstance(value, dict):
            for model in [model for hint in hints for model in _models(hint, value)]:
                for name, info in model.model_fields.items():
                    if (key := info.alias or name) in value:
                        yield value, model, key, info


def stray_flags(root: type[BaseModel], data: Any) -> Iterator[tuple[KeyPath, bool]]:
    """Paths of true and false where a number belongs: pydantic would read them as 1 and 0."""
    stack: list[tuple[KeyPath, list[Any], Any]] = [((), [root], data)]
    while stack:
        path, hints, value = stack.pop()
        if isinstance(value, bool):
            kinds = {option for hint in hints for option in _options(hint)}
            if kinds & {int, float} and not kinds & {bool, Any, object}:
                yield path, value
        else:
            stack += [((*path, k), _step(hints, value, k), v) for k, v in _items(value)]


def _items(value: Any) -> Iterable[tuple[str | int, Any]]:
    if isinstance(value, Mapping):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()


def _step(hints: list[Any], data: Any, step: str | int) -> list[Any]:
    return [inner for hint in hints for inner in _inside(hint, data, step)]


def _get(data: Any, step: str | int) -> Any:
    try:
        return data[step]
    except (KeyError, IndexError, TypeError):
        return None


def _options(hint: Any) -> Iterator[Any]:
    """The alternatives of a hint; a part's place is given as its `PartRef`."""
    origin = get_origin(hint)
    if origin is Annotated:
        base, *notes = get_args(hint)
        refs = [note for note in notes if isinstance(note, PartRef)]
        yield from refs or _options(base)
    elif origin in (Union, UnionType):
        for option in get_args(hint):
            yield from _options(option)
    else:
        yield hint


def _models(hint: Any, value: Any) -> Iterator[type[BaseModel]]:
    for option in _options(hint):
        if isinstance(option, PartRef):
            cls = option.find(value)
            if cls is not None:
                yield cls
        elif isclass(option) and issubclass(option, BaseModel):
            yield option


def _inside(hint: Any, value: Any, step: str | int) -> Iterator[Any]:
    for model in _models(hint, value):
        for name, info in model.model_fields.items():
            if step in (name, info.alias):
                yield _hint(info)
    for option in _options(hint):
        origin, args = get_origin(option), get_args(option)
        if isclass(origin) and args:
            yield args[-1] if issubclass(origin, Mapping) else args[0]


def _hint(info: FieldInfo) -> Any:
    return Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation
