"""`ttc recipes`: the recipes that come with the package."""

from __future__ import annotations

from typing import Annotated

import typer


def command(
    name: Annotated[
        str | None, typer.Argument(help="Print this recipe's text instead of the list.")
    ] = None,
) -> None:
    """List and explain the shipped recipes, or print one of them.

    Examples: `ttc recipes`, `ttc recipes quickstart > mine.yaml`
    """
    from ttc.recipe import find_recipe, shipped_recipes
    from ttc.terminal import say

    if name is not None:
        say(find_recipe(name).read_text(encoding="utf-8"), end="")
        return
    from ttc.cli._console import console
    from ttc.report.tables import table

    rows = [(r.name, r.description, r.needs) for r in shipped_recipes()]
    console().print(table("Shipped recipes", ("name", "what it shows", "needs"), rows))
    console().print("Run one by name, for example: ttc run quickstart")
