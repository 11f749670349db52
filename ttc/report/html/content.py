"""What a page says of its runs: one plain object, small beside the texts of problems."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any, TypedDict

from ttc.analysis.intervals import few_problems
from ttc.errors import DataError, TtcError
from ttc.pipeline.curve_query import CurveRequest, answer
from ttc.pipeline.metrics import measure
from ttc.report.coverage import coverage_lines
from ttc.report.curves import measured_lines
from ttc.report.failures import of_manifest
from ttc.report.html.headline import headline
from ttc.report.html.judges import JudgeData, judges
from ttc.report.html.pack import known, shown, shown_line
from ttc.report.html.problems import IndexRow
from ttc.report.html.scaling import FitData, fit_data, fit_of
from ttc.report.html.success import AXES, MethodData, methods, units
from ttc.report.labels import label_lines
from ttc.store.manifest import Manifest
from ttc.store.run_folder import RunFolder

_UNSHOWN = ("results",)
"""Keys of a recipe that say something of a machine and nothing of an experiment."""


class Analyses(TypedDict):
    """What is computed from a run's tables. why: of what could not be, the reason, by its name."""

    headline: list[str]
    methods: list[MethodData]
    units: list[str]
    notes: list[str]
    coverage: list[list[float | None]]
    fit: FitData | None
    judges: list[JudgeData]
    why: dict[str, str]


def analyses(run: RunFolder, *, deep: bool = True) -> Analyses:
    """deep: with what takes seconds, the scaling fit and the judgement of verifiers."""
    why: dict[str, str] = {}
    notes: list[str] = []
    found: list[MethodData] = []
    try:
        said = answer(run, CurveRequest())
        found = methods(said.rows)
        notes += coverage_lines({row["policy"] for row in said.rows}, said.manifest)
        notes += measured_lines() if any(r["estimator"] == "measured" for r in said.rows) else []
        rough = few_problems(min((int(row["n_problems"]) for row in said.rows), default=99))
        notes += [rough] if rough else []
    except TtcError as error:
        why["success"] = shown_line(str(error), 500)
    fit, why_not = fit_of(run) if deep and run.verifications.is_file() else (None, "")
    judged, unjudged = judges(run) if deep else ([], "")
    why |= {k: shown_line(v, 500) for k, v in (("fit", why_not), ("judges", unjudged)) if v}
    return {
        "headline": [shown_line(line, 600) for line in headline(found, fit)],
        "methods": found,
        "units": units(found),
        "notes": [shown_line(line, 600) for line in notes],
        "coverage": _coverage(run),
        "fit": None if fit is None else fit_data(fit),
        "judges": judged,
        "why": why,
    }


def nothing_yet() -> Analyses:
    """Of a run of which nothing is there to compute with."""
    why = {"success": "No problem is done yet."}
    return {
        "headline": [],
        "methods": [],
        "units": [],
        "notes": [],
        "coverage": [],
        "fit": None,
        "judges": [],
        "why": why,
    }


def _coverage(run: RunFolder) -> list[list[float | None]]:
    """k, pass@k and its interval; nothing where solutions are no exchangeable draws."""
    try:
        found = measure(run)
    except DataError:
        return []
    points = zip(found.k, found.by_k["pass_at_k"], strict=True)
    return [[float(k), known(p.value), known(p.low), known(p.high)] for k, p in points]


def facts(run: RunFolder, manifest: Manifest) -> dict[str, Any]:
    """What a run was: status, models, costs, conventions, recipe and manifest."""
    recipe = {k: v for k, v in manifest.recipe.items() if k not in _UNSHOWN}
    rest = json.loads(manifest.model_dump_json(exclude={"recipe", "ledger", "evaluation"}))
    warnings = [m.warning for m in manifest.models.values() if m.warning]
    warnings += of_manifest(manifest)
    return {
        "name": shown_line(run.name),
        "recipe_name": shown_line(manifest.recipe_name),
        "description": shown_line(str(recipe.get("description", "")), 500),
        "status": manifest.status,
        "seed": manifest.seed,
        "started": manifest.started.isoformat(timespec="seconds"),
        "ended": manifest.ended.isoformat(timespec="seconds") if manifest.ended else None,
        "timing": {name: known(value, 4) for name, value in manifest.timing.items()},
        "note": shown_line(manifest.note, 500),
        "warnings": [shown_line(text, 500) for text in dict.fromkeys(warnings)],
        "labels": [shown_line(text, 500) for text in label_lines(run, manifest)],
        "models": [
            {
                "role": shown_line(role),
                "model": shown_line(f"{one.backend} {one.model}"),
                "revision": shown_line(one.revision, 80),
                "facts": {shown_line(str(k)): shown_line(str(v)) for k, v in one.facts.items()},
            }
            for role, one in manifest.models.items()
        ],
        "costs": [
            {"role": shown_line(role), **_amounts(used)} for role, used in manifest.roles.items()
        ],
        "choices": _choices(manifest),
        "recipe": shown(_yaml(recipe)),
        "manifest": shown(json.dumps(rest, indent=1, ensure_ascii=False)),
    }


_AMOUNTS = (
    "samples", "prompt_tokens", "completion_tokens", "flops", "usd", "paid_samples", "paid_tokens",
    "paid_usd",
)  # fmt: skip


def _amounts(used: dict[str, Any]) -> dict[str, float | None]:
    return {name: known(float(used[name]), 9) for name in _AMOUNTS if used.get(name) is not None}


def _choices(manifest: Manifest) -> list[list[str]]:
    """Conventions that change the figures."""
    told = manifest.choices.model_dump(exclude={"rates"})
    ratios = {n: f"{v:.3g}" for n, v in told.pop("lambda_by_verifier", {}).items()}
    told = {**{f"lambda of {name}": value for name, value in ratios.items()}, **told}
    return [[shown_line(k.replace("_", " ")), shown_line(str(v))] for k, v in told.items() if v]


def _yaml(recipe: dict[str, Any]) -> str:
    import yaml

    return str(yaml.safe_dump(recipe, sort_keys=False, allow_unicode=True))


def index(rows: Sequence[IndexRow], single: Collection[str] = ()) -> dict[str, Any]:
    """Rows of the table of problems as columns; of each choice a letter a problem: 1, 0 or `-`.

    single: choices that look at one solution.
    """
    keys = list(dict.fromkeys(key for row in rows for key in row["chosen"]))
    plain = [name for name in IndexRow.__annotations__ if name != "chosen"]
    return {
        **{name: [row[name] for row in rows] for name in plain},  # type: ignore[literal-required]
        "choices": keys,
        "single": [key for key in keys if key in single],
        "chosen": {key: "".join(_letter(row["chosen"].get(key)) for row in rows) for key in keys},
    }


def _letter(right: bool | None) -> str:
    return "-" if right is None else str(int(right))


def parting(
    runs: Sequence[Sequence[IndexRow]], single: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Problems of several runs that one gets right and another does not, by the vote or another
    choice that both have. vote: of each run, None where it has no such problem.

    single: choices that look at one solution; they tell a draw from another, not runs apart.
    """
    by_id = [{row["id"]: row for row in rows} for rows in runs]
    names = dict.fromkeys(name for rows in by_id for name in rows)
    found = []
    for name in names:
        rows = [one.get(name) for one in by_id]
        there = [row for row in rows if row is not None]
        keys = [key for key in _keys(there, single) if _differ(r["chosen"].get(key) for r in there)]
        vote = [None if row is None else row["vote"] for row in rows]
        if keys or _differ(vote):
            found.append({"id": name, "vote": vote, "choices": keys})
    return found


def _keys(rows: Iterable[IndexRow], left_out: Collection[str] = ()) -> list[str]:
    keys = dict.fromkeys(key for row in rows for key in row["chosen"])
    return [key for key in keys if key not in left_out]


def _differ(values: Iterable[bool | None]) -> bool:
    return len({value for value in values if value is not None}) > 1


def axes() -> dict[str, str]:
    """What each unit of compute is called."""
    return dict(AXES)
