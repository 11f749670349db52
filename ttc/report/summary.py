"""The summary of a run as a terminal table."""

from __future__ import annotations

from collections.abc import Mapping
from shlex import quote
from typing import TYPE_CHECKING, Any

from ttc.analysis.intervals import few_problems
from ttc.errors import DataError
from ttc.pipeline.facts import at_most, choosable, curve_rows
from ttc.report.coverage import coverage_lines
from ttc.report.curves import NEW_PROBLEMS, measured_lines
from ttc.report.failures import of_manifest
from ttc.report.found import LETTERS, found_lines
from ttc.report.labels import label_lines
from ttc.report.speculation import speculation_lines
from ttc.report.tables import best_of_each, left_out, number, percent, table
from ttc.store.run_folder import RunFolder
from ttc.store.run_words import shortest_word
from ttc.store.tables import read_frame

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from ttc.store.manifest import Manifest

_HEADINGS = ("policy", "S", "V", "C", "tokens", "FLOPs", "success", NEW_PROBLEMS)


def print_summary(console: Console, run: RunFolder, everything: bool = False) -> None:
    """Print what was run, what it cost, and success by policy: at the most solutions and
    verifications, the best first, or all rows at growing compute.
    """
    from ttc.report.console import line

    manifest = run.manifest()
    console.print(line(run.name, "bold").append_text(line(f"  {run.path}", "not bold")))
    for text in (*_facts(manifest), *label_lines(run, manifest)):
        console.print(line(text))
    for text in dict.fromkeys(m.warning for m in manifest.models.values() if m.warning):
        console.print(line(f"Warning: {text}", "yellow"))
    for text in of_manifest(manifest):
        console.print(line(text, "yellow"))
    if not run.curves.is_file():
        console.print(line(_no_curves(run, manifest)))
        return
    curves = read_frame(run.curves, "curves")
    for text in coverage_lines(set(curves["policy"].unique()), manifest):
        console.print(line(text))
    if len(curves) and (curves["estimator"] == "measured").all():
        _print_measured(console, curves, manifest)
        _print_found(console, run)
        return
    mixed = curves["n_problems"].nunique() > 1
    headings = (*_HEADINGS, "problems") if mixed else _HEADINGS
    records = [{str(k): v for k, v in row.items()} for row in _shown(curves).to_dict("records")]
    shown = records if everything else at_most(records)
    rows = [(*_cells(row), str(row["n_problems"])) if mixed else _cells(row) for row in shown]
    of = "" if everything else ", each at its most solutions and verifications"
    title = f"Success by policy{of} (costs per problem)"
    console.print(table(title, headings, rows, numeric=range(1, len(headings))))
    if more := left_out(len(records) - len(rows), f"ttc show {quote(shortest_word(run))} --all"):
        console.print(line(more))
    if rough := few_problems(int(curves["n_problems"].min())):
        console.print(line(rough, "yellow"))
    if shared := _shared_rows(manifest):
        title = "Success on all solutions that each problem got"
        of_shared = ("policy", "solutions", "from", "to", "success", NEW_PROBLEMS)
        console.print(table(title, of_shared, shared, numeric=range(1, 6)))
    budgets = _best_rows(manifest, everything)
    if budgets:
        title = (
            "Best allocation within each budget, and its success on problems it was not chosen by"
        )
        heading = ("budget per problem", *_HEADINGS)
        console.print(table(title, heading, budgets, numeric=range(2, 9)))
    console.print(line(LETTERS))
    _print_found(console, run)


def _print_found(console: Console, run: RunFolder) -> None:
    """Print last what was found, where a terminal ends up."""
    from ttc.report.console import line

    for text in found_lines(curve_rows(run), shortest_word(run)):
        console.print(line(text, "bold"))


def _shared_rows(manifest: Manifest) -> list[tuple[str, ...]]:
    """Where the run's budget was not shared out equally."""
    return [
        (
            str(row["policy"]),
            f"{row['solutions']:.1f}",
            str(row["fewest"]),
            str(row["most"]),
            percent(row["success"]),
            _interval(row["ci_low"], row["ci_high"]),
        )
        for row in manifest.evaluation.get("shared_out", ())
    ]


def _print_measured(console: Console, curves: pd.DataFrame, manifest: Manifest) -> None:
    """Print success within limits of tokens, of a sampler that gives one answer."""
    from ttc.report.console import line

    headings = ("policy", "at most", "tokens", "calls", "FLOPs", "success", NEW_PROBLEMS)
    rows = [
        (
            str(row["policy"]),
            f"{number(row['cap'])} tokens",
            number(row["tokens"]),
            number(row["calls"]),
            number(row["flops"]),
            percent(row["success"]),
            _interval(row["ci_low"], row["ci_high"]),
        )
        for _, row in curves.iterrows()
    ]
    title = "Success of what the sampler answers (costs per problem)"
    console.print(table(title, headings, rows, numeric=range(1, len(headings))))
    for text in measured_lines():
        console.print(line(text))
    policies = ", ".join(part.get("name") or part["type"] for part in _policies(manifest))
    if policies:
        said = (
            f"No curves of {policies}: solutions of this sampler are no exchangeable draws; "
            "ttc show --problem says what each would choose."
        )
        console.print(line(said))


def _policies(manifest: Manifest) -> list[dict[str, str]]:
    return list(manifest.recipe.get("policies", ()))


def _no_curves(run: RunFolder, manifest: Manifest) -> str:
    if manifest.status == "interrupted":
        return "No curves yet: this run was not finished; run its recipe again to go on."
    if shard := manifest.shard:
        whole = quote(str(run.whole.path))
        return f"Shard {shard.number} of {shard.of}; when all are done: ttc merge {whole}"
    word = quote(shortest_word(run))
    return f"No curves were computed for this run; ttc curves {word} computes them."


def _facts(manifest: Manifest) -> list[str]:
    seed = "" if manifest.seed is None else f", seed {manifest.seed}"
    lines = [f"status: {manifest.status}{seed}"]
    lines += [f"{role}: {m.backend} {m.model}" for role, m in manifest.models.items()]
    drawn = manifest.status not in ("imported", "simulated")
    for role, used in manifest.roles.items():
        if used.get("samples"):
            tokens = used["prompt_tokens"] + used["completion_tokens"]
            anew = used.get("paid_samples") if drawn else None
            lines.append(
                f"{role}: {used['samples']:,} samples, {tokens:,.0f} tokens "
                f"({used['prompt_tokens']:,.0f} prompt)"
                + ("" if anew is None else f", {anew:,} sampled anew")
            )
            lines += speculation_lines(role, used)
    lines += _fingerprints(manifest)
    ratios = manifest.choices.lambda_by_verifier
    lines += [f"lambda of {name}: {value:.2f}" for name, value in ratios.items()]
    unknown = [n for n in manifest.evaluation.get("verified", ()) if n not in ratios]
    measured = manifest.roles.get("solver", {}).get("completion_tokens", 0) > 0
    why = "its verdicts sample no tokens" if measured else "solutions have no tokens"
    lines += [
        f"lambda of {name} is unknown, since {why}; ttc curves --lambda sets it" for name in unknown
    ]
    lines += _pool(manifest)
    return [*lines, f"note: {manifest.note}"] if manifest.note else lines


def _pool(manifest: Manifest) -> list[str]:
    """Whose samples these are, where somebody else's pool was added."""
    pool = manifest.source.get("pool")
    if not isinstance(pool, dict):
        return []
    texts = "" if pool.get("texts") else ", without texts"
    return [
        f"pool {pool.get('name')} from {pool.get('from')}{texts}; licence {pool.get('licence')}",
        f"cite as: {pool.get('citation')}",
    ]


def _fingerprints(manifest: Manifest) -> list[str]:
    """What it cost to see which models are served; older runs did not count that."""
    used = manifest.ledger.get("fingerprint", {})
    if not used.get("samples"):
        return []
    tokens = used["prompt_tokens"] + used["completion_tokens"]
    return [f"fingerprints: {used['samples']:,} calls, {tokens:,.0f} tokens"]


def _shown(curves: pd.DataFrame) -> pd.DataFrame:
    """Every S of policies without verifications; the largest V and some S of the others."""
    deepest = curves.groupby(["policy", "verifier"], dropna=False, observed=True)["V"].transform(
        "max"
    )
    return curves[curves["V"] == deepest]


def _cells(row: Mapping[Any, Any]) -> tuple[str, ...]:
    return (*_allocation(row), percent(row["success"]), _interval(row["ci_low"], row["ci_high"]))


def _allocation(row: Mapping[Any, Any]) -> tuple[str, ...]:
    policy = str(row["policy"])
    if isinstance(row["verifier"], str):
        policy += f" ({row['verifier']})"
    unknown = float("nan")
    amounts = (row[unit] for unit in ("cost_c", "tokens", "flops"))
    costs = (number(unknown if one is None else one) for one in amounts)
    return (policy, str(row["S"]), str(row["V"]), *costs)


def _interval(low: float | None, high: float | None) -> str:
    if low is None or high is None or low != low:
        return "-"
    return f"{percent(low)} to {percent(high)}"


def _best_rows(manifest: Manifest, everything: bool) -> list[tuple[str, ...]]:
    """Of each budget the best rows first. Raises `DataError` for what no evaluation of ours has
    written.
    """
    best = manifest.evaluation.get("best", [])
    try:
        ordered = sorted(
            best, key=lambda row: (str(row["unit"]), float(row["budget"]), -_told(row))
        )
        if not everything:
            mine = [row for row in ordered if choosable(row)]
            ordered = best_of_each(mine, lambda row: (row["unit"], row["budget"]), _told)
        return [_best_row(row) for row in ordered]
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError):
        raise DataError("the manifest's evaluation is damaged at best") from None


def _told(row: Mapping[Any, Any]) -> float:
    return -1.0 if row["expected"] is None else float(row["expected"])


def _best_row(row: Mapping[Any, Any]) -> tuple[str, ...]:
    success = "-" if row["expected"] is None else percent(row["expected"])
    budget = f"{number(row['budget'])} {row['unit']}"
    return (budget, *_allocation(row), success, _interval(row["low"], row["high"]))
