"""A forecast and its sample sizes as terminal tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ttc.report.tables import number, percent, table
from ttc.words import counted

if TYPE_CHECKING:
    from rich.console import Console

    from ttc.pipeline.affordable import Limit
    from ttc.pipeline.plan import Forecast, RoleForecast
    from ttc.pipeline.telling import Telling

_HEADINGS = ("role", "model", "samples", "prompt", "sampled", "tokens", "at most", "FLOPs", "USD")


def print_plan(console: Console, name: str, found: Forecast, limits: Sequence[Limit]) -> None:
    """Print what a run would use, by role, and how that stands to its budget."""
    rows = [_role(role) for role in (*found.roles, found.total)]
    title = f"Forecast of {name}: {counted(found.problems, 'problem')}"
    console.print(table(title, (*_HEADINGS, "time"), rows, range(2, 10)))
    for line in (*_sources(found), *found.notes):
        console.print(line, markup=False)
    if limits:
        headings = ("limit", "forecast", "of it", "fits")
        console.print(table("Budget", headings, [_limit(one) for one in limits], (1, 2)))
    else:
        console.print("The recipe sets no budget.", markup=False)


def print_telling(console: Console, found: Telling) -> None:
    """Print how many problems and samples tell two methods apart."""
    first, second = found.arms
    title = (
        f"To find {second} {100 * found.difference:g} points apart from {first}, with power "
        f"{found.power:g} at alpha {found.alpha:g}"
    )
    uncertain = found.spread.problems > 1
    headings = ["solutions per problem", "problems"]
    headings += ["cautiously"] if uncertain else []
    headings += [
        f"power with {counted(found.recipe_problems, 'problem')}",
        "difference they can find",
    ]
    rows = []
    for design in found.designs:
        cautious = (f"{design.problems_upper:,}",) if uncertain else ()
        solutions = "1" if design.solutions is None else f"{design.solutions:,}"
        smallest = f"{100 * design.smallest_difference:.1f} points"
        power = percent(design.power)
        rows.append((solutions, f"{design.problems:,}", *cautious, power, smallest))
    console.print(table(title, headings, rows, range(5)))
    console.print(found.source, markup=False)
    if found.measured is not None:
        said = f"Measured difference: {100 * found.measured:+.1f} points."
        console.print(said, markup=False)
    if uncertain:
        said = "Cautiously: should the spread be at the upper end of its one-sided 90 % interval."
        console.print(said, markup=False)
    if found.spread.within is None and uncertain:
        said = "For more samples of a problem, S of --compare must be at most half of the pool's."
        console.print(said, markup=False)


def _role(role: RoleForecast) -> tuple[str, ...]:
    tokens = number(role.tokens)
    if role.tokens_low < role.tokens:
        tokens += f" ({number(role.tokens_low)} to {number(role.tokens_high)})"
    return (
        role.role,
        role.model,
        f"{role.samples:,}",
        number(role.prompt_tokens),
        number(role.completion_tokens),
        tokens,
        number(role.tokens_most),
        number(role.flops),
        _money(role.usd),
        duration(role.seconds),
    )


def _sources(found: Forecast) -> list[str]:
    by_source: dict[str, list[str]] = {}
    for role in found.roles:
        by_source.setdefault(role.source, []).append(role.role)
    lines = [f"lengths of {', '.join(roles)}: {source}" for source, roles in by_source.items()]
    if any(role.tokens_low < role.tokens for role in found.roles):
        lines.append("tokens: expected, and a 90 % interval from their spread between problems")
    return lines


def _limit(one: Limit) -> tuple[str, ...]:
    where = "per problem" if one.scope == "problem" else "for the run"
    known = not math.isnan(one.forecast)
    if one.fits is None:
        verdict = "unknown: the model's cost in this unit is not stated"
    elif one.fits:
        verdict = "yes"
    else:
        verdict = "no"
        if one.solutions is not None and one.verifications is not None:
            verdict += (
                f": about {counted(one.solutions, 'solution')} and "
                f"{counted(one.verifications, 'verification')} a problem"
            )
    return (
        f"{_amount(one.limit, one.unit)} {where}",
        _amount(one.forecast, one.unit),
        f"{100 * one.forecast / one.limit:,.0f} %" if known else "-",
        verdict,
    )


def _amount(value: float, unit: str) -> str:
    if unit == "seconds":
        return duration(value)
    if unit == "usd":
        return f"{_money(value)} USD"
    return f"{number(value)} {'FLOPs' if unit == 'flops' else unit}"


def _money(value: float) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:,.2f}" if value >= 0.1 or value == 0 else f"{value:.2g}"


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3.4 h`; a dash where it is not known."""
    if math.isnan(seconds):
        return "-"
    if seconds < 90:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
