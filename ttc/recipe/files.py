"""Files that a recipe names: found beside the recipe first, then from the working folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from ttc.faults import Fault
from ttc.named_files import file_named_by, is_prompt_key
from ttc.prompts import shipped
from ttc.recipe.shape import given_fields
from ttc.recipe.valid import Valid, every_part
from ttc.registry import MethodPart


def settle_paths(root: type[BaseModel], data: dict[str, Any], folder: Path) -> None:
    """Rewrite what names prompt templates and files (see `ttc.named_files`), in place and at any
    depth, to where these are. root: what the data is to be validated as.

    A file that is nowhere is left as it is, for the checks to report.
    """
    names = set(shipped())
    if isinstance(data.get("results"), str):
        data["results"] = _at_home(data["results"])
    for holder, owner, key, info in given_fields(root, data):
        name, mark = holder[key], file_named_by(owner, key, info)
        if not isinstance(name, str):
            continue
        if mark is not None:
            holder[key] = _settle(name, folder, mark.folder)
        elif is_prompt_key(key) and issubclass(owner, MethodPart) and name not in names:
            holder[key] = _settle(name, folder)


def _settle(name: str, folder: Path, may_be_folder: bool = False) -> str:
    name = _at_home(name)
    try:
        beside = folder / name
        there = beside.is_file() or (may_be_folder and bool(name) and beside.is_dir())
        return str(beside) if there else name
    except (OSError, ValueError):  # a name too long, or with a NUL
        return name


def _at_home(name: str) -> str:
    """`~/x` as the shell reads it; libraries would, and ours would not."""
    return os.path.expanduser(name) if name == "~" or name.startswith("~/") else name


def missing_files(valid: Valid) -> Iterator[Fault]:
    """Files that parts name, at any depth, and that are nowhere."""
    for at, part in every_part(valid):
        for key, info in type(part).model_fields.items():
            name, mark = getattr(part, key), file_named_by(type(part), key, info)
            if mark and mark.required and isinstance(name, str) and name and not _is_file(name):
                shown = name if len(name) <= 200 else f"{name[:200]}..."
                text = f"no such file: {shown} (looked beside the recipe and in the working folder)"
                yield Fault((*at, key), text)


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):  # a name too long, or with a NUL
        return False
