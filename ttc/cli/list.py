"""`ttc list`: every part that a recipe may name."""

from __future__ import annotations

from typing import Annotated, get_args

import typer

from ttc.cli import _complete as complete
from ttc.cli._options import All, AsJson


def command(
    kind: Annotated[
        str | None,
        typer.Argument(
            help="Only this kind: backend, dataset, sampler, verifier or policy.",
            autocompletion=complete.kinds,
        ),
    ] = None,
    everything: All = False,
    as_json: AsJson = False,
) -> None:
    """List the backends, datasets, samplers, verifiers and policies that recipes can name.

    Their names by kind; of one kind, and with --all of every kind, what each is.

    Examples: `ttc list`, `ttc list policy`, `ttc list --all`, `ttc list sampler --json`
    """
    from ttc.cli._console import console
    from ttc.errors import UsageError
    from ttc.registry import Kind, parts, summary
    from ttc.report.tables import table
    from ttc.terminal import say_json

    kinds = get_args(Kind)
    if kind is not None and kind not in kinds:
        raise UsageError(f"no kind {kind!r}; there are {', '.join(kinds)}")
    rows = [
        {"kind": k, "type": name, "summary": summary(cls), "extra": cls.extra}
        for k in kinds
        if kind in (None, k)
        for name, cls in parts(k).items()
    ]
    if as_json:
        say_json(rows)
    elif kind is None and not everything:
        names = [(k, " ".join(row["type"] for row in rows if row["kind"] == k)) for k in kinds]
        console().print(table("Parts of a recipe", ("kind", "types"), names))
        console().print("What each is: ttc list KIND, or ttc list --all")
    else:
        cells = [tuple(value or "" for value in row.values()) for row in rows]
        heading = ("kind", "type", "what it is", "extra")
        console().print(table("Parts of a recipe", heading, cells))
