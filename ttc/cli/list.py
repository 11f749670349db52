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
            help="Only this kind: backend, dataset, sampler, verifier, policy or prompt.",
            autocompletion=complete.kinds,
        ),
    ] = None,
    everything: All = False,
    as_json: AsJson = False,
) -> None:
    """List the backends, datasets, samplers, verifiers, policies and prompts that recipes can name.

    Their names by kind; of one kind, and with --all of every kind, what each is. Of prompts: the
    roles of their turns, their variables, and who uses them where no other is named.

    Examples: `ttc list`, `ttc list policy`, `ttc list --all`, `ttc list sampler --json`,
    `ttc list prompt`
    """
    from ttc.cli._console import console
    from ttc.errors import UsageError
    from ttc.prompts import shipped
    from ttc.registry import Kind, parts, summary
    from ttc.report.tables import table
    from ttc.terminal import say_json

    kinds = get_args(Kind)
    if kind == "prompt":
        _prompts(as_json)
        return
    if kind is not None and kind not in kinds:
        raise UsageError(f"no kind {kind!r}; there are {', '.join(kinds)}, prompt")
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
        names.append(("prompt", " ".join(shipped())))
        console().print(table("Parts of a recipe", ("kind", "types"), names))
        console().print("What each is: ttc list KIND, or ttc list --all")
    else:
        cells = [tuple(value or "" for value in row.values()) for row in rows]
        heading = ("kind", "type", "what it is", "extra")
        console().print(table("Parts of a recipe", heading, cells))


def _prompts(as_json: bool) -> None:
    """The prompt templates of the package."""
    from dataclasses import asdict

    from ttc.cli._console import console
    from ttc.recipe.prompt_list import shipped_prompts
    from ttc.report.tables import table
    from ttc.terminal import say_json

    found = shipped_prompts()
    if as_json:
        say_json([asdict(one) for one in found])
        return
    heading = ("prompt", "turns", "variables", "what for", "used by")
    rows = [
        (p.name, p.form, " ".join(p.variables), p.description, ", ".join(p.used_by)) for p in found
    ]
    console().print(table("Prompt templates", heading, rows))
    console().print("One of your own: a file; see docs/how-to/write-a-prompt.md")
