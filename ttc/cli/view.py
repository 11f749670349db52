"""`ttc view`: a run in the browser, also while it goes on."""

from __future__ import annotations

from typing import Annotated

import typer

from ttc.cli._options import RESULTS, Results, Run


def command(
    run: Run,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 picks a free one.")
    ] = 0,
    open_: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    results: Results = RESULTS,
) -> None:
    """Show a run's report in the browser and keep it up to date until Ctrl-C.

    The page is served to this machine alone, at an address that nobody can guess, and can change
    nothing. Of a run that goes on, it shows the problems that are done, and how far the run is.

    Examples: `ttc view quickstart`, `ttc view quickstart --open`, `ttc view results/my/s0-1f9c2ab4`
    """
    from ttc.report.viewing.server import ViewServer, serve_view
    from ttc.report.viewing.watching import Watcher
    from ttc.store.run_folder import find_run
    from ttc.terminal import say

    found = find_run(run, results, begun=True)

    def ready(url: str) -> None:
        say(f"{found.name} at {url} (Ctrl-C stops)")
        if open_:
            import webbrowser

            webbrowser.open(url)

    serve_view(ViewServer(Watcher(found), f"{found.name} · ttc view", port), ready)
    say("stopped")
