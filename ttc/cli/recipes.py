"""`ttc recipes`: the recipes that come with the package."""

from __future__ import annotations

from typing import Annotated

import typer

from ttc.cli import _complete as complete
from ttc.cli._options import All, AsJson


def command(
    name: Annotated[
        str | None,
        typer.Argument(
            help="Print this recipe's text instead, or list this folder of recipes.",
            autocompletion=complete.recipes_listed,
        ),
    ] = None,
    everything: All = False,
    as_json: AsJson = False,
) -> None:
    """List and explain the shipped recipes, or print one of them.

    Those in folders show one method each; the name of a folder lists them.

    Examples: `ttc recipes`, `ttc recipes verifiers`, `ttc recipes quickstart > mine.yaml`
    """
    from ttc.errors import UsageError
    from ttc.recipe.shipped import find_recipe, shipped_files, shipped_recipes
    from ttc.terminal import say, say_json

    folders: dict[str, list[str]] = {}
    for known in shipped_files():
        folders.setdefault(known.rpartition("/")[0], []).append(known)
    if name is not None and name.rstrip("/") not in folders:
        if as_json:
            raise UsageError(f"--json lists recipes; without it, ttc recipes {name} prints one")
        say(find_recipe(name).read_text(encoding="utf-8"), end="")
        return
    whole = as_json if name is None else False
    wanted = None if everything or whole else folders[(name or "").rstrip("/")]
    rows = shipped_recipes(wanted)
    if as_json:
        say_json([{"name": r.name, "description": r.description, "needs": r.needs} for r in rows])
        return
    from ttc.cli._console import console
    from ttc.report.tables import left_out, table

    cells = [(r.name, r.description, r.needs) for r in rows]
    console().print(table("Shipped recipes", ("name", "what it shows", "needs"), cells))
    if name is None and not everything:
        more = sum(len(inside) for folder, inside in folders.items() if folder)
        there = ", ".join(f"ttc recipes {folder}" for folder in folders if folder)
        console().print(left_out(more, f"{there}; --all for all"))
    console().print("Run one by name, for example: ttc run quickstart")
