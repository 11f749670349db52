"""Files that a recipe names: found beside the recipe first, then from the working folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ttc.prompts import shipped


def is_prompt_key(key: str) -> bool:
    """Whether a sampler's or verifier's field names a prompt template."""
    return key == "prompt" or key.endswith("_prompt")


def settle_paths(data: dict[str, Any], folder: Path) -> None:
    """Rewrite prompt and data paths, in place, to where their files are.

    Prompts are the keys `prompt` and `..._prompt` of samplers and verifiers, data files the
    dataset's `path` and `tuned` of policies and verifiers. A file that is nowhere is left as it
    is, for the checks to report.
    """
    names = set(shipped())
    verifiers = data.get("verifiers")
    for part in (data.get("sampler"), *(verifiers if isinstance(verifiers, list) else ())):
        for key, name in part.items() if isinstance(part, dict) else ():
            if is_prompt_key(key) and isinstance(name, str) and name not in names:
                part[key] = _settle(name, folder)
    if isinstance(data.get("results"), str):
        data["results"] = _at_home(data["results"])
    policies = data.get("policies")
    tunable = [one for kind in (policies, verifiers) if isinstance(kind, list) for one in kind]
    for part in tunable:
        if isinstance(part, dict) and isinstance(part.get("tuned"), str):
            part["tuned"] = _settle(part["tuned"], folder)
    dataset = data.get("dataset")
    if isinstance(dataset, dict) and isinstance(dataset.get("path"), str):
        dataset["path"] = _settle(dataset["path"], folder)


def _settle(name: str, folder: Path) -> str:
    name = _at_home(name)
    try:
        beside = folder / name
        return str(beside) if beside.is_file() else name
    except (OSError, ValueError):  # a name too long, or with a NUL
        return name


def _at_home(name: str) -> str:
    """`~/x` as the shell reads it; libraries would, and ours would not."""
    return os.path.expanduser(name) if name == "~" or name.startswith("~/") else name
