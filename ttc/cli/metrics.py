"""`ttc metrics`: what repeated samples of a run say, without any policy."""

from __future__ import annotations

from typing import Annotated

import typer

from ttc.cli._options import LEVEL, RESULTS, Level, Results, Run


def command(
    run: Run,
    k: Annotated[
        list[str] | None,
        typer.Option("--k", help="Sizes k: 4 or 1,2,4; repeat for more (default: powers of two)."),
    ] = None,
    beyond: Annotated[
        list[str] | None,
        typer.Option("--forecast", help="Sizes k beyond the pool at which to forecast pass@k."),
    ] = None,
    level: Level = LEVEL,
    as_json: Annotated[bool, typer.Option("--json", help="Print all figures as JSON.")] = False,
    results: Results = RESULTS,
) -> None:
    """Print pass@k, pass^k, G-Pass@k, mG-Pass@k, Bayes@N and the area under the coverage curve.

    All are exact means over random subsets of a problem's solutions; nothing is sampled. A forecast
    averages over shapes that solve rates may have, and says which problems should get more
    solutions to halve its error.

    Examples: `ttc metrics quickstart`, `ttc metrics quickstart --k 1,2,3,4 --json`,
    `ttc metrics quickstart --forecast 256,1024`
    """
    from ttc.cli._console import console
    from ttc.cli._values import whole_numbers
    from ttc.pipeline.metrics import measure
    from ttc.report.metrics import print_metrics
    from ttc.store.run_folder import find_run
    from ttc.terminal import say_json

    sizes, larger = whole_numbers(k, "--k"), whole_numbers(beyond, "--forecast")
    found = measure(find_run(run, results), sizes, level, larger)
    if as_json:
        say_json(found.as_dict())
    else:
        print_metrics(console(), found)
