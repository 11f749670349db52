"""What is tried: a policy with each combination of values of some of its fields."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from pydantic import ValidationError

from ttc.errors import UsageError
from ttc.policies import PolicyPart
from ttc.words import nearest

MOST = 200
"""Candidates of one policy; more would choose noise."""
Grid = Mapping[str, Sequence[Any]]


def parse_grid(words: Sequence[str]) -> dict[str, list[Any]]:
    """`alpha=0,0.5,1` words as values by field. Raises `UsageError`."""
    found: dict[str, list[Any]] = {}
    for word in words:
        name, equals, values = word.partition("=")
        told = [value.strip() for value in values.split(",") if value.strip()]
        if not equals or not name.strip() or not told:
            raise UsageError(f"--grid {word}: expected FIELD=VALUE,VALUE, such as alpha=0,0.5,1")
        found[name.strip()] = [_value(value) for value in told]
    return found


def _value(word: str) -> Any:
    """A number, true, false or null as JSON has them, else the word."""
    try:
        return json.loads(word)
    except ValueError:
        return word


def grids(policies: Sequence[PolicyPart], wanted: Grid) -> list[tuple[PolicyPart, dict[str, Any]]]:
    """Each policy with the fields that are tried of it: the wanted ones that it has, else its own.

    Raises `UsageError` for a field that no policy has, and where there is nothing to try.
    """
    fields = {name for policy in policies for name in _tunable(policy)}
    for name in wanted:
        if name not in fields:
            labels = ", ".join(policy.label for policy in policies)
            raise UsageError(f"--grid {name}: {labels} has no such field{nearest(name, fields)}")
    found = []
    for policy in policies:
        own = {name: list(values) for name, values in wanted.items() if name in _tunable(policy)}
        if chosen := own or {name: list(values) for name, values in policy.grid.items()}:
            found.append((policy, chosen))
    if not found:
        labels = ", ".join(policy.label for policy in policies)
        raise UsageError(
            f"nothing to tune of {labels}; name a policy with parameters, such as "
            "--policy pessimistic --grid alpha=0,0.5,1"
        )
    return found


def candidates(policy: PolicyPart, grid: Grid) -> list[PolicyPart]:
    """The policy with each combination of values, itself first. Raises `UsageError`."""
    names = list(grid)
    size = 1
    for values in grid.values():
        size *= len(values)
    if size > MOST:
        raise UsageError(f"{size} combinations of {', '.join(names)} are too many; {MOST} at most")
    made = {policy.label: policy.model_copy(update={"tuned": ""})}
    for values in product(*(grid[name] for name in names)):
        one = _with(policy, dict(zip(names, values, strict=True)))
        made.setdefault(one.label, one)
    return list(made.values())


def _with(policy: PolicyPart, values: Mapping[str, Any]) -> PolicyPart:
    given = policy.model_dump(mode="json", by_alias=True) | {"name": "", "tuned": ""} | dict(values)
    try:
        return type(policy).model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise UsageError(f"--grid {place}={first['input']!r:.40}: {first['msg']}") from None


def _tunable(policy: PolicyPart) -> set[str]:
    return set(type(policy).model_fields) - {"type", "name", "tuned"}
