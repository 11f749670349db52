"""The Typer application. Command modules import only what parsing needs; the rest when called."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import ttc.cli
from ttc.cli._typed import without_typed_keys
from ttc.terminal import harmless, say


class _Commands(TyperGroup):
    """Says what an interrupted command kept; Typer itself would exit without a word.

    Its words on a wrong command line quote that line, and are printed by a console of its own.
    """

    def make_context(self, *given: Any, **options: Any) -> Any:
        with _legible_errors():
            return super().make_context(*given, **options)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """What a shell completes begins with an option that has no value yet, at which the parser
        would give up, and with it what stands before: which run it is, of whose problems.
        """
        name, command, rest = super().resolve_command(ctx, args)
        if ctx.resilient_parsing and rest and rest[-1].startswith("-"):
            rest = rest[:-1]
        return name, command, rest

    def invoke(self, ctx: Any) -> Any:
        try:
            with _legible_errors():
                return super().invoke(ctx)
        except KeyboardInterrupt as error:
            say(f"\n{error}" if str(error) else "\nInterrupted.", error=True)
            raise typer.Exit(getattr(error, "exit_code", 130)) from None


@contextmanager
def _legible_errors() -> Iterator[None]:
    """Make what Typer will say of an error fit for a terminal."""
    try:
        yield
    except Exception as error:
        if hasattr(error, "format_message"):
            said = harmless(without_typed_keys(_pointing_on(error), sys.argv))
            error.format_message = lambda: said
        raise


def _pointing_on(error: Any) -> str:
    """Typer's words; to who gives several runs to a command that takes one, which take several."""
    said = str(error.format_message())
    parameters = getattr(getattr(error, "cmd", None), "params", ())
    takes_one = any(one.name == "run" and one.nargs == 1 for one in parameters)
    if not takes_one or "unexpected extra argument" not in said:
        return said
    return (
        f"{said.rstrip('.')}: this command takes one run. ttc compare RUN RUN sets several beside "
        "each other, ttc report RUN RUN makes one page of them."
    )


app = typer.Typer(
    name="ttc",
    cls=_Commands,
    help="Spend test-time compute on a language model: sample, verify, select, within a budget.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with **ttc init**, or **ttc run quickstart**.",
)


def _version(wanted: bool) -> None:
    if wanted:
        say(f"ttc {ttc.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


# A command is the function `command` of its module, or the commands of its `app`; the module's name
# is the command's, less an underscore at its end, which keeps words of Python's (`import_`) free.
for _module in pkgutil.iter_modules(ttc.cli.__path__):
    if not _module.name.startswith("_"):
        _command = importlib.import_module(f"ttc.cli.{_module.name}")
        _name = _module.name.rstrip("_").replace("_", "-")
        if hasattr(_command, "app"):
            app.add_typer(_command.app, name=_name)
        else:
            app.command(_name, no_args_is_help=False)(_command.command)
