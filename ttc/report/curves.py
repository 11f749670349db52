"""Success against compute as a terminal table, and as plain rows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ttc.report.tables import best_of_each, number, percent, table

if TYPE_CHECKING:
    from rich.console import Console

    from ttc.store.manifest import Manifest

UNITS = {
    "c": "cost_c",
    "tokens": "tokens",
    "flops": "flops",
    "usd": "usd",
    "calls": "calls",
    "seconds": "seconds",
}
"""Units of compute by their short names, and their columns."""

NEW_PROBLEMS = "95 %, new problems"
"""Heading of intervals for other problems of the kind."""
_NEW_SAMPLES = "95 %, these problems, new samples"
_HEADINGS = {"c": "C", "flops": "FLOPs", "usd": "USD"}


def print_curves(
    console: Console,
    title: str,
    rows: Iterable[dict[str, Any]],
    units: Sequence[str],
    manifest: Manifest,
) -> None:
    """Print one row a policy, S and V, or a limit of measured answers, by rising cost in the first
    unit, and how it was counted.
    """
    from ttc.report.console import line

    ordered = sorted(rows, key=lambda row: _place(row, units[0]))
    measured = bool(ordered) and all(row["estimator"] == "measured" for row in ordered)
    units = [unit for unit in units if not (measured and unit == "c")]
    again = any("samples_low" in row for row in ordered)
    headings = (
        "policy",
        *(("at most",) if measured else ("S", "V")),
        *(_HEADINGS.get(unit, unit) for unit in units),
        "success",
        *(("abstains",) if _abstains(ordered) else ()),
        NEW_PROBLEMS,
        *((_NEW_SAMPLES,) if again else ()),
        "estimator",
        "MC error",
        "problems",
    )
    cells = [_cells(row, units, _abstains(ordered)) for row in ordered]
    words = {"policy", NEW_PROBLEMS, _NEW_SAMPLES, "estimator"}
    numeric = [i for i, heading in enumerate(headings) if heading not in words]
    console.print(table(title, headings, cells, numeric))
    spread = any(_spread(row, unit) for row in ordered for unit in units)
    for text in (*(measured_lines() if measured else ()), *_legend(manifest, units, spread)):
        console.print(line(text))


def best_cells(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """As many rows as a person reads: of each policy, and verifier, those of most success."""
    return best_of_each(rows, lambda row: (row["policy"], row["verifier"]), _merit)


def _merit(row: dict[str, Any]) -> tuple[float, float]:
    """Success to a thousandth; of equals the cheaper."""
    cost = row["tokens"]
    return round(row["success"], 3), -math.inf if _unknown(cost) else -float(cost)


def measured_lines() -> list[str]:
    """What rows of measured answers are."""
    return [
        "Measured: each attempt stopped at the limit of tokens, with its last answer by then (none "
        "is wrong), and what it had used."
    ]


def plain_rows(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows for JSON: unknown figures as null."""
    return [{k: None if _unknown(v) else v for k, v in row.items()} for row in rows]


def _place(row: dict[str, Any], unit: str) -> tuple[Any, ...]:
    cost = row[UNITS[unit]]
    verifier = row["verifier"] or ""
    size = row.get("cap") if row["S"] is None else row["S"]
    return row["policy"], verifier, math.inf if _unknown(cost) else cost, size, row["V"] or 0


def _abstains(rows: Sequence[dict[str, Any]]) -> bool:
    """Whether some policy leaves answers out that a percentage would show."""
    return any((row.get("abstained") or 0.0) >= 0.0005 for row in rows)


def _cells(row: dict[str, Any], units: Sequence[str], abstains: bool) -> tuple[object, ...]:
    policy = row["policy"] + (f" ({row['verifier']})" if row["verifier"] else "")
    estimator = {"monte_carlo": "Monte Carlo"}.get(row["estimator"], row["estimator"])
    error = row["mc_standard_error"]
    measured = row["estimator"] == "measured"
    return (
        policy,
        *((f"{number(row['cap'])} tokens",) if measured else (row["S"], row["V"])),
        *(_amount(row[UNITS[unit]], unit) + _spread(row, unit) for unit in units),
        percent(row["success"]),
        *((_share(row.get("abstained")),) if abstains else ()),
        _span(row["ci_low"], row["ci_high"]),
        *((_span(row["samples_low"], row["samples_high"]),) if "samples_low" in row else ()),
        estimator,
        "-" if estimator == "exact" or _unknown(error) else f"{100 * error:.2f}",
        row["n_problems"],
    )


def _share(value: float | None) -> str:
    return "-" if _unknown(value) or value is None else percent(value)


def _span(low: float | None, high: float | None) -> str:
    if low is None or high is None or math.isnan(low):
        return "-"
    return f"{percent(low)} to {percent(high)}"


def _amount(value: float | None, unit: str) -> str:
    if value is None or math.isnan(value):
        return "-"
    return f"{value:.3g}" if unit in ("usd", "seconds") else number(value)


def _spread(row: dict[str, Any], unit: str) -> str:
    """How far the tokens of most attempts of a rule that stops reach."""
    if unit != "tokens" or _unknown(row.get("cost_p10")):
        return ""
    return f" ({number(row['cost_p10'])} to {number(row['cost_p90'])})"


def _unknown(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _legend(manifest: Manifest, units: Sequence[str], spread: bool) -> list[str]:
    choices = manifest.choices
    lines = ["Costs are means per problem; MC error: percentage points, one standard error."]
    if "c" in units and choices.lambda_by_verifier:
        known = ", ".join(f"{v:.3g} ({n})" for n, v in choices.lambda_by_verifier.items())
        lines.append(f"C = S (1 + lambda V); lambda {choices.lambda_source}: {known}")
    if spread:
        lines.append(
            "In brackets: the tokens of 80 % of attempts; of rules that stop, S is the most."
        )
    if "flops" in units and choices.flops:
        lines.append(f"FLOPs: {choices.flops}")
    if set(units) - {"c", "calls", "seconds"} and choices.prompt_counting:
        lines.append(f"prompts counted: {choices.prompt_counting.replace('_', ' ')}")
    if choices.verification_draws == "first":
        lines.append("V: the first verifications of each solution, not random ones of all")
    return lines
