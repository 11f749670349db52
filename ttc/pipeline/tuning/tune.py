"""`ttc tune`: parameters chosen on one part of a run's problems, judged on the rest."""

from __future__ import annotations

from dataclasses import replace

from ttc.analysis.settings import SCORING
from ttc.errors import DataError
from ttc.pipeline.curve_query import with_overrides
from ttc.pipeline.evaluate import Evaluation, readable
from ttc.pipeline.tuning.candidates import candidates, grids
from ttc.pipeline.tuning.choice import Side, choose
from ttc.pipeline.tuning.file import TUNED_NAME, Choice, Tuned, digest, read_tuned
from ttc.pipeline.tuning.request import TuneRequest
from ttc.pipeline.tuning.split import stratum, tuning_split
from ttc.pipeline.tuning.weights import learn, words
from ttc.policies import matching
from ttc.store.attempts import is_measured
from ttc.store.manifest import Manifest
from ttc.store.pool import load_any, load_pool, verifiers
from ttc.store.rows import read_problems
from ttc.store.run_folder import RunFolder


def tune(run: RunFolder, request: TuneRequest) -> tuple[Tuned, bool]:
    """The run's tuning, and whether a file of another split is replaced. Writes `tuned.json`.

    Raises `UsageError` for what is not there to tune, and `DataError` for runs that can't be.
    """
    if is_measured(run):
        raise DataError(f"{run.name} has no policies to tune: its sampler answers by itself")
    manifest = run.manifest()
    wanted = _wanted(manifest, request)
    there = frozenset(load_any(run).arrays.problem_ids)
    problems = [problem for problem in read_problems(run.problems) if problem.id in there]
    seed = (manifest.seed or 0) if request.seed is None else request.seed
    number = request.problems or round(request.share * len(problems))
    chosen = tuning_split(problems, number, seed)
    tuned = Tuned(
        run=run.name,
        dataset=manifest.dataset,
        seed=seed,
        stratified_by=stratum(problems),
        problems={one.id: digest(one) for one in problems if one.id in chosen},
        others=len(problems) - len(chosen),
        settings={name: getattr(wanted.settings, name) for name in SCORING},
        budget={} if request.budget is None else {request.unit: request.budget},
    )
    tuned.policies = _choices(run, manifest, wanted, request, chosen)
    several = request.verifier if len(words(request.verifier)) > 1 else None
    for method in request.weights:
        tuned.weights.append(learn(run, several, chosen, there, method))
    path = run.path / TUNED_NAME
    replaced = False
    if path.exists():
        before = read_tuned(path)
        replaced = not tuned.same_split(before)
        tuned = tuned if replaced else _merged(before, tuned)
    tuned.write(path)
    return tuned, replaced


def _merged(before: Tuned, now: Tuned) -> Tuned:
    """What was chosen on the same problems before stays, but what was chosen anew."""
    new = {(one.policy["type"], one.before, one.verifier) for one in now.policies}
    kept = [p for p in before.policies if (p.policy["type"], p.before, p.verifier) not in new]
    methods = {one.method for one in now.weights}
    weights = [one for one in before.weights if one.method not in methods]
    return now.model_copy(
        update={"policies": kept + now.policies, "weights": weights + now.weights}
    )


def _wanted(manifest: Manifest, request: TuneRequest) -> Evaluation:
    base = Evaluation.of_manifest(manifest).scored(request.scoring)
    return replace(base, cost=with_overrides(base.cost, request.overrides), budgets={})


def _choices(
    run: RunFolder,
    manifest: Manifest,
    wanted: Evaluation,
    request: TuneRequest,
    chosen: frozenset[str],
) -> list[Choice]:
    if request.policies is None:
        if request.weights and not request.grid:
            return []
        named = tuple(p for p in wanted.policies if request.grid or p.grid)
    else:
        found = {p.label: p for name in request.policies for p in matching(name, wanted.policies)}
        named = tuple(found.values())
    made = []
    for policy, grid in grids(named or wanted.policies, request.grid):
        reading = policy.reads_verifications
        names: list[str | None] = [*(words(request.verifier) or verifiers(run))]
        tried = candidates(policy, grid)
        reads = frozenset().union(*(one.reads for one in tried))
        for name in (names if reading else names[:1]) or [None]:
            loaded = load_pool(run, name, reads=reads)
            loaded = loaded.verified() if reading and name else loaded
            if not all(readable(one, loaded) for one in tried):
                continue
            rest = frozenset(loaded.arrays.problem_ids) - chosen
            sides = [Side(loaded.only(ids), wanted, manifest) for ids in (chosen, rest)]
            made.append(choose(sides, tried, list(grid), request))
    if not made:
        labels = ", ".join(policy.label for policy in named)
        raise DataError(f"nothing in {run.name} gives what {labels} reads")
    return made
