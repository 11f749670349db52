"""`ttc run --shards`: what is said of a run that is done by its shards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttc.cells.engines.slurm import Slurm
from ttc.cells.sharded import Sharded
from ttc.terminal import say, say_json

if TYPE_CHECKING:
    from ttc.cells.engines.base import Engine
    from ttc.cells.engines.slurm import Planned
    from ttc.pipeline.sharding.merge import Merged


def dry_run(sharded: Sharded, engine: Engine, *, as_json: bool) -> None:
    """Print what would be done; for Slurm its scripts, but as JSON the commands in them."""
    if isinstance(engine, Slurm) and not as_json:
        say(sharded.plan(engine).told())
        return
    from shlex import join

    shards = [["ttc", *cell.arguments()] for cell in sharded.missing()]
    merge = ["ttc", "merge", str(sharded.run.path), "--results", sharded.recipe.results]
    if as_json:
        say_json({"run": sharded.run.name, "shards": shards, "merge": merge})
        return
    for words in (*shards, merge):
        say(join(words))


def run_sharded(sharded: Sharded, engine: Engine, *, quiet: bool, as_json: bool) -> None:
    """Do it and print the run; on Slurm, hand it in and print how to follow it."""
    if sharded.complete():
        _print(sharded, None, quiet=quiet, as_json=as_json)
    elif isinstance(engine, Slurm) and sharded.missing():
        _submit(sharded, engine, as_json)
    else:
        done = sharded.do(engine, lambda text: None if quiet else say(text, error=True))
        _print(sharded, done, quiet=quiet, as_json=as_json)


def _submit(sharded: Sharded, slurm: Slurm, as_json: bool) -> None:
    planned: Planned = sharded.plan(slurm)
    submitted = sharded.submit(slurm)
    jobs = ", ".join(submitted.arrays)
    if as_json:
        say_json(
            {
                "run": sharded.run.name,
                "folder": str(submitted.folder),
                "arrays": list(submitted.arrays),
                "merge": submitted.last,
                "shards": [str(cell.shard) for cell in planned.cells],
            }
        )
        return
    say(f"Submitted {len(planned.cells)} shards as job {jobs}, and their merge as {submitted.last}")
    if sharded.shares_a_budget:
        say("What they leave of the run's budget is dealt out after the merge, by the same job")
    say(f"Logs and scripts: {submitted.folder}")
    say(f"Follow it: ttc status {sharded.run.path}; the same command does what fails or is stopped")


def _print(sharded: Sharded, done: Merged | None, *, quiet: bool, as_json: bool) -> None:
    from ttc.cli._console import print_run
    from ttc.report.merge import merged_facts, merged_lines

    print_run(
        sharded.run,
        fresh=done is not None and done.fresh,
        quiet=quiet,
        as_json=as_json,
        facts=merged_facts(done) if done is not None else {},
        lines=merged_lines(done) if done is not None else (),
    )
