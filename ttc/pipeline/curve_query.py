"""Rows of curves that somebody asks for: from the table where it has them, else from the pool."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ttc.analysis.drawn import OF_SOME
from ttc.budget.cost import CostConfig
from ttc.errors import DataError, UsageError
from ttc.pipeline.curves import Row, sizes_of
from ttc.pipeline.evaluate import Evaluated, Evaluation, evaluate_run
from ttc.pipeline.measured import POLICY
from ttc.pipeline.tuning.use import of_their_verifiers, with_tuned
from ttc.policies import PolicyPart, matching
from ttc.recipe.sections import CostSection, read_sections
from ttc.store.attempts import is_measured
from ttc.store.manifest import Manifest
from ttc.store.run_folder import RunFolder
from ttc.store.tables import read_frame
from ttc.words import counted


@dataclass(frozen=True)
class CurveRequest:
    """What is asked of a run; None: what its recipe says.

    policies: labels, types or aliases; solutions: S (the k of pass@k); verifications: V;
    verifier: one of several; overrides: keys of the recipe's cost section (`cost.lambda=2`);
    all_problems: policies that read no verification on all problems with solutions, though others
    read some (see `ttc.pipeline.evaluate`); scoring: those of `SCORING` that are to be otherwise;
    cluster: a key of metadata, of problems that were made together; new_samples: intervals for
    these problems with new samples, too; tuned: a file of `ttc tune`, whose policies are evaluated
    beside the others, on the problems that it was not made on.
    """

    policies: tuple[str, ...] | None = None
    solutions: tuple[int, ...] | None = None
    verifications: tuple[int, ...] | None = None
    verifier: str | None = None
    overrides: tuple[str, ...] = ()
    all_problems: bool = False
    scoring: Mapping[str, str] = field(default_factory=dict)
    cluster: str | None = None
    new_samples: bool = False
    tuned: Path | None = None


@dataclass(frozen=True)
class Answer:
    """Rows of the `curves` table, and the manifest with notes on what they are about."""

    rows: list[Row]
    manifest: Manifest
    recomputed: bool


def answer(run: RunFolder, request: CurveRequest) -> Answer:
    """The rows asked for. Touches no file.

    Raises `UsageError` for an unknown policy, a V that no policy reads, and for what measured
    answers have none of, and `DataError` for S and V beyond the pool, a run without verifications
    where a policy needs them, and a run in which no solution has a valid answer.
    """
    manifest = run.manifest()
    if is_measured(run):
        request = _of_measured(run, request, manifest)
    wanted = _evaluation(request, manifest)
    stored = _stored(run, request, wanted)
    if stored is not None:
        return Answer(stored, manifest, recomputed=False)
    found = evaluate_run(run, manifest, wanted, request.verifier)
    if request.tuned is not None:
        found.rows[:] = of_their_verifiers(found.rows, request.tuned)
    found.note(manifest)
    if not is_measured(run):
        _refuse_unanswered(run, request, wanted, found)
    return Answer(found.rows, manifest, recomputed=True)


def _of_measured(run: RunFolder, request: CurveRequest, manifest: Manifest) -> CurveRequest:
    """What can be asked of measured answers: how they are counted. Raises `UsageError` for others.

    Of S, V, lambda and verifiers, their curve has none.
    """
    others = [name for name in request.policies or () if name != POLICY]
    sized = request.solutions or request.verifications or request.verifier or request.scoring
    if others or sized:
        what = f"no curve of {', '.join(others)}" if others else "no S and V"
        raise UsageError(
            f"{run.name} has {what}: its solutions are no exchangeable draws; `{POLICY}` is what "
            "its sampler answers within a limit of tokens"
        )
    if request.new_samples:
        raise UsageError(
            f"{run.name}: --new-samples needs solutions that are exchangeable draws; how much this "
            "sampler's answers vary, repeats of the run with other seeds tell"
        )
    if request.tuned is not None:
        raise UsageError(f"{run.name}: its sampler chose the answers, no policy that was tuned")
    cost = Evaluation.of_manifest(manifest).cost
    other = with_overrides(cost, request.overrides)
    if (other.shared_prompt, other.prefix) != (cost.shared_prompt, cost.prefix):
        raise UsageError(
            f"{run.name} counted its prompts as its attempts went on; to count them otherwise, run "
            "it with other keys of cost"
        )
    return CurveRequest(overrides=request.overrides, cluster=request.cluster)


def with_overrides(cost: CostConfig, overrides: Sequence[str]) -> CostConfig:
    """The cost section with `cost.KEY=VALUE` words. Raises `RecipeError` for wrong ones."""
    if not overrides:
        return cost
    start = {"cost": cost.model_dump(mode="json", by_alias=True)}
    return read_sections(CostSection, overrides, start).cost


def _evaluation(request: CurveRequest, manifest: Manifest) -> Evaluation:
    base = Evaluation.of_manifest(manifest)
    if request.tuned is not None:
        base = with_tuned(base, request.tuned)
    if request.policies is not None:
        found = {p.label: p for name in request.policies for p in matching(name, base.policies)}
        base = replace(base, policies=tuple(found.values()))
    base = replace(base, cost=with_overrides(base.cost, request.overrides))
    base = base.scored(request.scoring)
    if request.verifications and not any(p.reads_verifications for p in base.policies):
        raise UsageError(f"{_labels(base.policies)}: reads no verifications, so V means nothing")
    return replace(
        base,
        solutions=base.solutions if request.solutions is None else request.solutions,
        verifications=(
            base.verifications if request.verifications is None else request.verifications
        ),
        same_problems=base.same_problems and not request.all_problems,
        cluster=request.cluster,
        new_samples=request.new_samples,
    )


def _labels(policies: Sequence[PolicyPart]) -> str:
    return ", ".join(policy.label for policy in policies)


def _stored(run: RunFolder, request: CurveRequest, wanted: Evaluation) -> list[Row] | None:
    """The rows from the run's table; None where it lacks one."""
    asked = (
        request.all_problems, request.overrides, request.scoring, request.cluster, request.tuned
    )  # fmt: skip
    if any((*asked, request.new_samples)) or not run.curves.is_file():
        return None
    frame = read_frame(run.curves, "curves")
    if wanted.same_problems and frame["n_problems"].nunique() > 1:
        return None
    if is_measured(run):
        return list(_records(frame.to_dict("records")))
    rows = [row for row in _records(frame.to_dict("records")) if _fits(row, request, wanted)]
    there = {(row["policy"], row["S"], row["V"]) for row in rows}
    return rows if rows and all(cell in there for cell in _cells(request, wanted, rows)) else None


def _records(records: Sequence[dict[Any, Any]]) -> Iterator[Row]:
    for record in records:
        yield {str(k): None if v is None or v != v else v for k, v in record.items()}


def _fits(row: Row, request: CurveRequest, wanted: Evaluation) -> bool:
    known = {policy.label: policy for policy in wanted.policies}
    policy, reads = known.get(row["policy"]), row["V"] > 0
    if policy is None:  # of a plug-in that is gone: what it did is in the table all the same
        return request == CurveRequest()
    return (
        (request.solutions is None or row["S"] in sizes_of(policy, request.solutions))
        and (request.verifications is None or not reads or row["V"] in request.verifications)
        and (request.verifier is None or not reads or row["verifier"] == request.verifier)
    )


def _cells(
    request: CurveRequest, wanted: Evaluation, rows: Sequence[Row]
) -> Iterator[tuple[str, int, int]]:
    """Cells that must be there; an S or V that is not asked for is one of those that are."""
    for policy in wanted.policies:
        of_policy = [row for row in rows if row["policy"] == policy.label]
        sizes = {r["S"] for r in of_policy} or {0}
        depths = {r["V"] for r in of_policy} or {0}
        if request.solutions is not None:
            sizes = set(sizes_of(policy, request.solutions))
        if request.verifications is not None and policy.reads_verifications:
            depths = set(request.verifications)
        yield from ((policy.label, s, v) for s in sizes for v in depths)


def _refuse_unanswered(
    run: RunFolder, request: CurveRequest, wanted: Evaluation, found: Evaluated
) -> None:
    """Raise `DataError` for what was asked for by name and no row answers."""
    rows, facts = found.rows, found.facts
    if len(facts["without_valid_answer"]) == facts["evaluated"]:
        raise DataError(
            f"no solution of {run.name} has a valid answer, so there is nothing to choose from; "
            "check how its answers are read (answers.extract)"
        )
    reach = list(facts.get("verified", {}).values())
    reading = [policy for policy in wanted.policies if policy.reads_verifications]
    only_reading = len(reading) == len(wanted.policies)
    if reading and not reach and (request.policies or request.verifications or only_reading):
        need = "needs" if len(reading) == 1 else "need"
        raise DataError(f"{run.name} has no verifications, which {_labels(reading)} {need}")
    _refuse_deep(run, request, max((one["verifications"] for one in reach), default=0))
    if only_reading:
        _refuse_wide(run, request, max(one["solutions"] for one in reach), "verified solution")
    elif any(policy.largest != 1 for policy in wanted.policies):
        _refuse_wide(run, request, facts["fewest_solutions"], "solution")
    there = {row["policy"] for row in rows}
    absent = [p for p in wanted.policies if p.label not in there and (request.policies or not rows)]
    for policy in absent:
        special = sorted(policy.reads & set(OF_SOME))
        if special:
            raise DataError(
                f"{policy.label} can't be evaluated on {run.name}: it reads {', '.join(special)}, "
                "which nothing there gives"
            )
    if absent:
        raise DataError(
            f"{_labels(absent)} can't be evaluated on {run.name}: some problem has too few "
            f"{'verified solutions' if only_reading or reach else 'solutions'} for every S wanted"
        )


def _refuse_deep(run: RunFolder, request: CurveRequest, most: int) -> None:
    for v in request.verifications or ():
        if v > most:
            raise DataError(
                f"V = {v} is beyond the pool of {run.name}: some problem has at most "
                f"{counted(most, 'verification')} of a solution"
            )


def _refuse_wide(run: RunFolder, request: CurveRequest, most: int, noun: str) -> None:
    for s in request.solutions or ():
        if s > most:
            raise DataError(
                f"S = {s} is beyond the pool of {run.name}: some problem has only "
                f"{counted(most, noun)}"
            )
