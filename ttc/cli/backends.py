"""`ttc backends`: what each kind of model access offers."""

from __future__ import annotations

from typing import Annotated

import typer


def command(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Show what every backend offers, which extra it needs and whether that is installed.

    A recipe that needs what its backend lacks is refused before the first call.

    Examples: `ttc backends`, `ttc backends --json`
    """
    from ttc.backends.table import capabilities_table
    from ttc.cli._console import console
    from ttc.report.backends import print_backends
    from ttc.terminal import say_json

    rows = capabilities_table()
    if as_json:
        say_json(rows)
    else:
        print_backends(console(), rows)
