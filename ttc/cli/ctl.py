"""`ttc ctl`: steer a run that goes on in another process."""

from __future__ import annotations

from typing import Annotated

import typer

from ttc.cli import _complete as complete
from ttc.cli._options import RESULTS, AsJson, Results, Run


def command(
    run: Run,
    do: Annotated[
        str,
        typer.Argument(
            metavar="pause|resume|set|retry|stop",
            help="What the run is to do.",
            autocompletion=complete.steering,
        ),
    ],
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[WORDS]", help="Of set: engine.KEY=VALUE; of retry: ids of problems."
        ),
    ] = None,
    wait: Annotated[
        float, typer.Option("--wait", min=0.1, help="Longest wait for its answer, in seconds.")
    ] = 10.0,
    as_json: AsJson = False,
    results: Results = RESULTS,
) -> None:
    """Steer a live run: pause, resume, change engine settings, retry a problem, stop.

    The run's tables are the same whatever it was told; the time it was paused counts in its limit
    of seconds. Where it can't do what is wanted, it says why, and the exit code is 2.

    Examples: `ttc ctl quickstart pause`, `ttc ctl my/s0-1f9c resume`,
    `ttc ctl my set engine.concurrency=8 engine.max_outage_s=3600`, `ttc ctl my retry problem-17`,
    `ttc ctl my stop --json`
    """
    from ttc.cli._values import one_of
    from ttc.errors import UsageError
    from ttc.store.control import COMMANDS, ask
    from ttc.store.run_folder import find_run
    from ttc.terminal import say, say_json

    found = find_run(run, results, begun=True)
    answer = ask(found, one_of(do, COMMANDS, "ttc ctl"), tuple(words or ()), wait)
    if as_json:
        say_json(answer.as_plain())
        if not answer.ok:
            raise typer.Exit(UsageError.exit_code)
        return
    if not answer.ok:
        raise UsageError(f"{found.name}: {answer.said}")
    say(f"{found.name}: {answer.said}")
