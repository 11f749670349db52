"""`ttc train-router`: learn when a target is to rewrite a draft's step."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ttc.cli._options import RESULTS, AsJson, Force, Results, Run


def command(
    run: Run,
    out: Annotated[Path, typer.Option("--out", help="The file of weights to write (JSON).")],
    share: Annotated[
        float, typer.Option("--share", min=0.05, max=0.95, help="Share of problems to learn from.")
    ] = 0.5,
    threshold: Annotated[
        float,
        typer.Option(
            "--threshold", min=-1, max=1, help="Reward by which the target's step must be better."
        ),
    ] = 0.0,
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="Which problems, and which steps are left out.")
    ] = 0,
    force: Force = False,
    as_json: AsJson = False,
    results: Results = RESULTS,
) -> None:
    """Train a router of `speculate` on a run of its oracle rule; judge it on other problems.

    Example: `ttc run samplers/speculate_oracle`, then
    `ttc train-router samplers-speculate-oracle --out router.json`
    """
    from ttc.errors import UsageError
    from ttc.pipeline.routing import train_router
    from ttc.store.atomic import write_text
    from ttc.store.overwriting import new_file
    from ttc.store.run_folder import find_run
    from ttc.terminal import say, say_json

    new_file(out, force)
    found = train_router(find_run(run, results), share=share, threshold=threshold, seed=seed)
    try:
        write_text(out, found.router.text())
    except OSError as error:
        raise UsageError(f"can't write {out}: {error.strerror}") from error
    if as_json:
        say_json(
            {
                "router": str(out),
                "weights": dict(found.router.weights),
                "steps": found.steps,
                "steps_of_other_problems": found.held,
                "target_better": found.better,
                "spearman": found.spearman,
            }
        )
        return
    for name, weight in found.router.weights.items():
        say(f"{name}: {weight:.3g}")
    say(f"trained on {found.steps:,} steps, of which the target's is better in half")
    say(
        f"on {found.held:,} steps of other problems, of which it is better in "
        f"{100 * found.better:.1f} %: Spearman of probability and advantage {found.spearman:.3f}"
    )
    say(f"wrote {out}; sampler.rule=router sampler.router={out}")
