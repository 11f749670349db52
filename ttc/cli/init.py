"""`ttc init`: a commented recipe to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    path: Annotated[Path, typer.Argument(help="The recipe file to write.")] = Path("recipe.yaml"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
) -> None:
    """Write a commented starter recipe that runs as it is.

    Example: `ttc init my.yaml && ttc run my.yaml`
    """
    from ttc.cli._console import write_file
    from ttc.errors import UsageError
    from ttc.recipe import starter
    from ttc.terminal import say

    if path.is_dir():
        raise UsageError(f"{path} is a folder; name the recipe file to write")
    if path.exists() and not force:
        raise UsageError(f"{path} exists; choose another name, or --force to overwrite it")
    write_file(path, starter())
    say(f"Wrote {path}. Run it with: ttc run {path}")
