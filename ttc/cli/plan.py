"""`ttc plan`: what a recipe will use, and how many problems an answer needs."""

from __future__ import annotations

from typing import Annotated

import typer

from ttc.cli import _complete as complete
from ttc.cli._options import Recipe, RecipeOverrides, RunResults, recipe_overrides

_LENGTHS, _POWER = "Lengths", "Sample size"


def command(
    recipe: Recipe,
    overrides: RecipeOverrides = None,
    like: Annotated[
        str | None,
        typer.Option(
            "--like",
            help="A run whose lengths are taken.",
            rich_help_panel=_LENGTHS,
            autocompletion=complete.runs,
        ),
    ] = None,
    pilot: Annotated[
        int | None,
        typer.Option(
            "--pilot",
            min=1,
            help="Run so many problems now and take their lengths.",
            rich_help_panel=_LENGTHS,
        ),
    ] = None,
    pilot_solutions: Annotated[
        int,
        typer.Option(min=1, help="Solutions of each of them.", rich_help_panel=_LENGTHS),
    ] = 8,
    solution_tokens: Annotated[
        float | None,
        typer.Option(min=0, help="Mean tokens of a solution.", rich_help_panel=_LENGTHS),
    ] = None,
    verification_tokens: Annotated[
        float | None,
        typer.Option(min=0, help="Mean tokens of a verification.", rich_help_panel=_LENGTHS),
    ] = None,
    tokens_per_second: Annotated[
        float | None,
        typer.Option(min=0, help="Sampled in all, for the time.", rich_help_panel=_LENGTHS),
    ] = None,
    difference: Annotated[
        float | None,
        typer.Option(
            help="The difference in success to find, such as 0.05.", rich_help_panel=_POWER
        ),
    ] = None,
    compare: Annotated[
        list[str] | None,
        typer.Option(
            help="Two methods: majority@64,best_of_n@16x8 (METHOD@SxV).",
            rich_help_panel=_POWER,
            autocompletion=complete.policies,
        ),
    ] = None,
    verifier: Annotated[
        str | None,
        typer.Option(
            help="Whose verifications, if there are several.",
            rich_help_panel=_POWER,
            autocompletion=complete.verifiers,
        ),
    ] = None,
    power: Annotated[
        float, typer.Option(help="Probability of finding it.", rich_help_panel=_POWER)
    ] = 0.8,
    alpha: Annotated[
        float, typer.Option(help="Level of the two-sided paired test.", rich_help_panel=_POWER)
    ] = 0.05,
    accuracy: Annotated[
        float | None,
        typer.Option(
            help="Without a pool: success of the worse method (0.5).", rich_help_panel=_POWER
        ),
    ] = None,
    correlation: Annotated[
        float | None,
        typer.Option(
            help="Without a pool: correlation of the methods' outcomes (0.5).",
            rich_help_panel=_POWER,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print all figures as JSON.")] = False,
    results: RunResults = None,
) -> None:
    """Forecast tokens, FLOPs, USD and time of a run, and the problems that an answer needs.

    Nothing is sampled, unless --pilot asks for it; what a pilot samples, the run does not pay for
    again. Without lengths, figures are upper bounds.

    Examples: `ttc plan quickstart --pilot 6`, `ttc plan my.yaml --like my_experiment`,
    `ttc plan my.yaml --solution-tokens 400 --verification-tokens 600 --tokens-per-second 2000`,
    `ttc plan quickstart --like quickstart --difference 0.05 --compare majority@16,best_of_n@8x8`
    """
    from ttc.cli._console import console
    from ttc.cli._values import words
    from ttc.pipeline.planning.plan import PlanRequest, make_plan
    from ttc.pipeline.planning.sample_size import Goal, two_methods
    from ttc.recipe import load_recipe
    from ttc.report.plan import print_plan
    from ttc.report.progress import show_progress
    from ttc.terminal import say_json

    loaded = load_recipe(recipe, recipe_overrides(overrides, results))
    wanted = PlanRequest(
        like=like,
        pilot=pilot,
        pilot_solutions=pilot_solutions,
        solution_tokens=solution_tokens,
        verification_tokens=verification_tokens,
        tokens_per_second=tokens_per_second,
        goal=None if difference is None else Goal(difference, power, alpha),
        methods=two_methods(words(compare), loaded.policies) if compare else None,
        verifier=verifier,
        accuracy=accuracy,
        correlation=correlation,
    )
    plan = make_plan(loaded, wanted, lambda monitor: show_progress(monitor.status, plain=as_json))
    if as_json:
        say_json(plan.as_dict())
    else:
        print_plan(console(), plan)
