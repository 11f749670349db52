"""`ttc schema`: the recipe format as JSON Schema."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to a file instead of the screen.")
    ] = None,
) -> None:
    """Print the JSON Schema of recipes, so that editors complete and check them.

    Example: `ttc schema -o recipe.schema.json`, then put
    `# yaml-language-server: $schema=recipe.schema.json` on a recipe's first line.
    """
    from ttc.cli._console import write_file
    from ttc.recipe import recipe_schema
    from ttc.terminal import dump_json, say

    text = dump_json(recipe_schema(), sort_keys=True)
    if output is None:
        say(text)
    else:
        write_file(output, text + "\n")
        say(f"Wrote {output}")
