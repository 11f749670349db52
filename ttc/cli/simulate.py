"""`ttc simulate`: a pool drawn from a model whose truth is known, as a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ttc.cli._options import AsJson

_SIZE, _SOLVER, _VERIFIER = "Size", "Truth about solutions", "Truth about verifications"


def command(
    parameters: Annotated[
        Path | None, typer.Argument(help="A YAML file of parameters; options overrule it.")
    ] = None,
    to: Annotated[Path, typer.Option("--to", help="Folder of runs.")] = Path("results/simulated"),
    seed: Annotated[int | None, typer.Option(min=0, help="Everything random follows from it.")] = (
        None
    ),
    problems: Annotated[
        int | None, typer.Option(min=1, help="All of them (128).", rich_help_panel=_SIZE)
    ] = None,
    solutions: Annotated[
        int | None, typer.Option(min=1, help="Per problem (256).", rich_help_panel=_SIZE)
    ] = None,
    verified_solutions: Annotated[
        int | None,
        typer.Option(min=0, help="Per problem (64, or all if fewer).", rich_help_panel=_SIZE),
    ] = None,
    verifications: Annotated[
        int | None, typer.Option(min=0, help="Per verified solution (32).", rich_help_panel=_SIZE)
    ] = None,
    solve_alpha: Annotated[
        float | None,
        typer.Option(help="Solve rates are Beta(alpha, beta) (0.8).", rich_help_panel=_SOLVER),
    ] = None,
    solve_beta: Annotated[
        float | None, typer.Option(help="The beta of it (1).", rich_help_panel=_SOLVER)
    ] = None,
    solve_location: Annotated[
        float | None,
        typer.Option(
            help="Mean log-odds of solve rates (0), with --solve-deviation.",
            rich_help_panel=_SOLVER,
        ),
    ] = None,
    solve_deviation: Annotated[
        float | None,
        typer.Option(
            help="Deviation of log-odds of solve rates, in place of Beta (none).",
            rich_help_panel=_SOLVER,
        ),
    ] = None,
    invalid_rate: Annotated[
        float | None,
        typer.Option(help="Solutions without an answer (0.02).", rich_help_panel=_SOLVER),
    ] = None,
    wrong_answers: Annotated[
        int | None, typer.Option(help="Distinct ones by problem (20).", rich_help_panel=_SOLVER)
    ] = None,
    wrong_zipf: Annotated[
        float | None,
        typer.Option(help="Weight of the k-th wrong answer: k^-zipf (1).", rich_help_panel=_SOLVER),
    ] = None,
    wrong_concentration: Annotated[
        float | None,
        typer.Option(
            help="Dirichlet concentration of those weights; none: the weights themselves.",
            rich_help_panel=_SOLVER,
        ),
    ] = None,
    trap_rate: Annotated[
        float | None,
        typer.Option(help="Problems with a tempting wrong answer (0.2).", rich_help_panel=_SOLVER),
    ] = None,
    trap_share: Annotated[
        float | None,
        typer.Option(help="Its part of their wrong solutions (0.8).", rich_help_panel=_SOLVER),
    ] = None,
    solution_tokens: Annotated[
        float | None, typer.Option(help="Mean length (300).", rich_help_panel=_SOLVER)
    ] = None,
    true_positive_rate: Annotated[
        float | None,
        typer.Option(help="Yes to a right solution (0.8).", rich_help_panel=_VERIFIER),
    ] = None,
    false_positive_rate: Annotated[
        float | None,
        typer.Option(help="Yes to a wrong solution (0.3).", rich_help_panel=_VERIFIER),
    ] = None,
    error_correlation: Annotated[
        float | None,
        typer.Option(
            help="Of the errors of two verdicts that share them (0.2).", rich_help_panel=_VERIFIER
        ),
    ] = None,
    errors_shared_by: Annotated[
        str | None,
        typer.Option(
            help="Verdicts of one solution, or of one answer (solution).", rich_help_panel=_VERIFIER
        ),
    ] = None,
    error_difficulty: Annotated[
        float | None,
        typer.Option(
            help="Log-odds that errors gain where problems are hard (0).", rich_help_panel=_VERIFIER
        ),
    ] = None,
    error_problem_deviation: Annotated[
        float | None,
        typer.Option(
            help="Deviation of a problem's own part of these (0).", rich_help_panel=_VERIFIER
        ),
    ] = None,
    invalid_verdict_rate: Annotated[
        float | None,
        typer.Option(help="Verifications without a verdict (0.02).", rich_help_panel=_VERIFIER),
    ] = None,
    verification_tokens: Annotated[
        float | None, typer.Option(help="Mean length (300).", rich_help_panel=_VERIFIER)
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", help="Any key of the file, cost too.", metavar="KEY=VALUE"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Draw a pool from a model whose truth is known, so that show, curves and fit-scaling work.

    To plan an experiment before a token is bought, and to see what a fit makes of planted truth,
    which is kept in the manifest. `ttc.analysis.simulate` describes the model.

    Examples: `ttc simulate --to results/planned --problems 64 --solutions 128`,
    `ttc simulate hard.yaml --seed 3 --error-correlation 0.5`,
    `ttc simulate --set solution_tokens.variation=1 --set cost.parameters=8e9`
    """
    from ttc.cli._console import print_run
    from ttc.cli._values import ONE_FILE, folder_of
    from ttc.pipeline.simulating import read_simulation, simulate_to

    folder_of(to, "--to", ONE_FILE)
    options = {
        "seed": seed,
        "problems": problems,
        "solutions": solutions,
        "verified_solutions": verified_solutions,
        "verifications": verifications,
        "solve_alpha": solve_alpha,
        "solve_beta": solve_beta,
        "solve_location": solve_location,
        "solve_deviation": solve_deviation,
        "invalid_rate": invalid_rate,
        "wrong_answers": wrong_answers,
        "wrong_zipf": wrong_zipf,
        "wrong_concentration": wrong_concentration,
        "trap_rate": trap_rate,
        "trap_share": trap_share,
        "solution_tokens.mean": solution_tokens,
        "true_positive_rate": true_positive_rate,
        "false_positive_rate": false_positive_rate,
        "error_correlation": error_correlation,
        "errors_shared_by": errors_shared_by,
        "error_difficulty": error_difficulty,
        "error_problem_deviation": error_problem_deviation,
        "invalid_verdict_rate": invalid_verdict_rate,
        "verification_tokens.mean": verification_tokens,
    }
    given = [f"{key}={value}" for key, value in options.items() if value is not None]
    run = simulate_to(read_simulation(parameters, [*given, *(overrides or [])]), to)
    print_run(run, as_json=as_json)
