"""What runs of a report are called: by what differs between their recipes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ttc.recipe.differences import told
from ttc.report.html.pack import shown_line
from ttc.store.manifest import Manifest
from ttc.store.run_folder import RunFolder

_SAYS_NOTHING = ("name", "description", "results", "engine", "grid", "seed_of")
_MOST = 3


def labels(runs: Sequence[RunFolder], manifests: Sequence[Manifest]) -> list[str]:
    """A name for each run, no two alike: keys of the recipe that differ, where few do."""
    if len(runs) == 1:
        return [shown_line(manifests[0].recipe_name)]
    flat = [dict(_flat(one.recipe)) for one in manifests]
    keys = list(dict.fromkeys(key for one in flat for key in one))
    differing = [key for key in keys if len({one.get(key, "-") for one in flat}) > 1]
    made = [manifest.recipe_name for manifest in manifests]
    if 0 < len(differing) <= _MOST:
        made = [
            ", ".join(f"{key.rpartition('.')[2]}={one.get(key, '-')}" for key in differing)
            for one in flat
        ]
    if len(set(made)) < len(made):
        made = [run.name for run in runs]
    if len(set(made)) < len(made):
        made = [f"{name} ({number})" for number, name in enumerate(made, start=1)]
    return [shown_line(one, 80) for one in made]


def _flat(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if key or name not in _SAYS_NOTHING:
                yield from _flat(inner, f"{key}.{name}" if key else str(name))
    else:
        yield key, told(value)
