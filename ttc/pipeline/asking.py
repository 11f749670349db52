"""Rows of curves that somebody asks for: from the table where it has them, else from the pool."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ttc.analysis.policies import POLICIES
from ttc.errors import DataError, UsageError
from ttc.pipeline.curves import Row
from ttc.pipeline.evaluate import Evaluation, evaluate_run
from ttc.refs import nearest
from ttc.store.manifest import Manifest
from ttc.store.run_folder import RunFolder
from ttc.store.tables import read_frame

ALIASES = {
    "coverage": "oracle",
    "pass@k": "oracle",
    "pass_at_k": "oracle",
    "maj@k": "majority",
    "sc": "majority",
    "self_consistency": "majority",
    "mean": "first",
    "bon": "best_of_n",
}
"""Other names of policies, as papers use them."""


@dataclass(frozen=True)
class CurveRequest:
    """What is asked of a run; None: what its recipe says.

    policies: names or aliases; solutions: S (the k of pass@k); verifications: V; verifier: one of
    several; ratio: lambda in place of the run's; all_problems: policies that read no verification
    on all problems with solutions, though others read some (see `ttc.pipeline.evaluate`).
    """

    policies: tuple[str, ...] | None = None
    solutions: tuple[int, ...] | None = None
    verifications: tuple[int, ...] | None = None
    verifier: str | None = None
    ratio: float | None = None
    all_problems: bool = False


@dataclass(frozen=True)
class Answer:
    """Rows of the `curves` table, and the manifest with notes on what they are about."""

    rows: list[Row]
    manifest: Manifest
    recomputed: bool


def answer(run: RunFolder, request: CurveRequest) -> Answer:
    """The rows asked for. Touches no file.

    Raises `UsageError` for an unknown policy or a V that no policy reads, and `DataError` for S and
    V beyond the pool, a run without verifications where a policy needs them, and a run in which
    no solution has a valid answer.
    """
    manifest = run.manifest()
    wanted = _evaluation(request, manifest)
    stored = _stored(run, request, wanted)
    if stored is not None:
        return Answer(stored, manifest, recomputed=False)
    manifest.evaluation = {}
    rows = evaluate_run(run, manifest, wanted, request.verifier)
    _refuse_unanswered(run, request, wanted, rows, manifest)
    return Answer(rows, manifest, recomputed=True)


def policy_name(name: str) -> str:
    """The policy of a name or an alias. Raises `UsageError` that names near ones."""
    found = ALIASES.get(name.lower(), name.lower())
    if found not in POLICIES:
        known = [*POLICIES, *ALIASES]
        raise UsageError(f"no policy {name!r}{nearest(name, known)}")
    return found


def _evaluation(request: CurveRequest, manifest: Manifest) -> Evaluation:
    base = Evaluation.of_manifest(manifest)
    if request.policies is not None:
        names = dict.fromkeys(policy_name(name) for name in request.policies)
        base = replace(base, policies=tuple(names))
    if request.ratio is not None:
        base = replace(base, cost=base.cost.model_copy(update={"ratio": request.ratio}))
    if request.verifications and not any(_reads(name) for name in base.policies):
        raise UsageError(f"{', '.join(base.policies)}: reads no verifications, so V means nothing")
    return replace(
        base,
        solutions=base.solutions if request.solutions is None else request.solutions,
        verifications=(
            base.verifications if request.verifications is None else request.verifications
        ),
        same_problems=base.same_problems and not request.all_problems,
    )


def _reads(policy: str) -> bool:
    return POLICIES[policy].uses_verifications


def _stored(run: RunFolder, request: CurveRequest, wanted: Evaluation) -> list[Row] | None:
    """The rows from the run's table; None where it lacks one."""
    if request.all_problems or request.ratio is not None or not run.curves.is_file():
        return None
    frame = read_frame(run.curves, "curves")
    rows = [row for row in _records(frame.to_dict("records")) if _fits(row, request, wanted)]
    there = {(row["policy"], row["S"], row["V"]) for row in rows}
    return rows if rows and all(cell in there for cell in _cells(request, wanted, rows)) else None


def _records(records: Sequence[dict[Any, Any]]) -> Iterator[Row]:
    for record in records:
        yield {str(k): None if v is None or v != v else v for k, v in record.items()}


def _fits(row: Row, request: CurveRequest, wanted: Evaluation) -> bool:
    reads, policy = _reads(row["policy"]), row["policy"]
    return (
        policy in wanted.policies
        and (request.solutions is None or row["S"] in request.solutions or policy == "first")
        and (request.verifications is None or not reads or row["V"] in request.verifications)
        and (request.verifier is None or not reads or row["verifier"] == request.verifier)
    )


def _cells(
    request: CurveRequest, wanted: Evaluation, rows: Sequence[Row]
) -> Iterator[tuple[str, int, int]]:
    """Cells that must be there; an S or V that is not asked for is one of those that are."""
    for policy in wanted.policies:
        of_policy = [row for row in rows if row["policy"] == policy]
        sizes = {r["S"] for r in of_policy} or {0}
        depths = {r["V"] for r in of_policy} or {0}
        if request.solutions is not None and policy != "first":
            sizes = set(request.solutions)
        if request.verifications is not None and _reads(policy):
            depths = set(request.verifications)
        yield from ((policy, s, v) for s in sizes for v in depths)


def _refuse_unanswered(
    run: RunFolder, request: CurveRequest, wanted: Evaluation, rows: list[Row], manifest: Manifest
) -> None:
    """Raise `DataError` for what was asked for by name and no row answers."""
    facts = manifest.evaluation
    if len(facts["without_valid_answer"]) == facts["evaluated"]:
        raise DataError(
            f"no solution of {run.name} has a valid answer, so there is nothing to choose from; "
            "check how its answers are read (answers.extract)"
        )
    verified: dict[str, dict[str, int]] = facts.get("verified", {})
    if request.policies is not None and not verified and any(map(_reads, wanted.policies)):
        needing = ", ".join(name for name in wanted.policies if _reads(name))
        raise DataError(f"{run.name} has no verifications, which {needing} needs")
    curved = [row for row in rows if row["policy"] != "first"]
    for s in request.solutions or ():
        if not any(row["S"] == s for row in curved) and set(wanted.policies) != {"first"}:
            raise DataError(_beyond(run, wanted, facts, s))
    for v in request.verifications or ():
        if not any(row["V"] == v for row in curved):
            most = max((reach["verifications"] for reach in verified.values()), default=0)
            raise DataError(
                f"V = {v} is beyond the pool of {run.name}: some problem has at most {most} "
                f"verification{'s' * (most != 1)} of a solution"
            )
    if request.policies is not None:
        for policy in wanted.policies:
            if not any(row["policy"] == policy for row in rows):
                raise DataError(_beyond(run, replace(wanted, policies=(policy,)), facts, None))


def _beyond(run: RunFolder, wanted: Evaluation, facts: dict[str, Any], s: int | None) -> str:
    asked = f"S = {s}" if s is not None else f"every S asked of {wanted.policies[0]}"
    text = f"{asked} is beyond the pool of {run.name}: some problem has only "
    if all(map(_reads, wanted.policies)) and facts.get("verified"):
        most = max(reach["solutions"] for reach in facts["verified"].values())
        return f"{text}{most} verified solution{'s' * (most != 1)}"
    few = facts["fewest_solutions"]
    return f"{text}{few} solution{'s' * (few != 1)}"
