"""Samples from elsewhere to a run with curves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ttc.answers import AnswerRule
from ttc.budget.cost import CostConfig
from ttc.core import ModelIdentity
from ttc.importing import AUTO, Judging, Progress, Wanted, import_pool
from ttc.pipeline.evaluate import write_curves
from ttc.store.run_folder import RunFolder


def import_run(
    source: Path,
    destination: Path,
    *,
    layout: str = AUTO,
    verifications: Path | None = None,
    mapping: Mapping[str, str] | None = None,
    answers: AnswerRule | None = None,
    judging: Judging | None = None,
    wanted: Wanted | None = None,
    cost: CostConfig | None = None,
    progress: Progress | None = None,
) -> RunFolder:
    """As `ttc.importing.import_pool`, then evaluate all policies and write the curves.

    The cost model is kept in the manifest, so that later evaluations count alike; it is no part of
    the run's id. A run of ttc's own keeps the curves and the cost model that it has.
    """
    chosen = cost or CostConfig()
    options = judging or Judging()
    for model in (options.model, options.verifier_model or options.model):
        chosen.rates(ModelIdentity("imported", model))  # what can't be counted is refused first
    run = import_pool(
        source,
        destination,
        layout=layout,
        verifications=verifications,
        mapping=mapping,
        answers=answers,
        judging=options,
        wanted=wanted,
        progress=progress,
    )
    manifest = run.manifest()
    if run.curves.is_file() or manifest.status != "imported":
        return run
    manifest.recipe["cost"] = chosen.model_dump(mode="json", by_alias=True)
    write_curves(None, run, manifest).note(manifest)
    manifest.write(run.manifest_path)
    return run
