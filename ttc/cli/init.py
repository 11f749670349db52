"""`ttc init`: a commented recipe to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ttc.cli._options import Force


def command(
    path: Annotated[Path, typer.Argument(help="The recipe file to write.")] = Path("recipe.yaml"),
    force: Force = False,
) -> None:
    """Write a commented starter recipe that runs as it is.

    Example: `ttc init my.yaml && ttc run my.yaml`
    """
    from ttc.cli._console import write_file
    from ttc.recipe import starter
    from ttc.store.overwriting import new_file
    from ttc.terminal import say

    write_file(new_file(path, force), starter())
    say(f"Wrote {path}. Run it with: ttc run {path}")
