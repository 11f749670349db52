"""A plan as terminal tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from ttc.pipeline.planning.forecast import FINGERPRINT
from ttc.pipeline.planning.short import sentence
from ttc.report.tables import number, percent, table
from ttc.words import counted

if TYPE_CHECKING:
    from rich.console import Console

    from ttc.pipeline.planning.forecast import Forecast, Range, RoleForecast
    from ttc.pipeline.planning.limits import Limit
    from ttc.pipeline.planning.plan import Plan
    from ttc.pipeline.planning.sample_size import Design, SampleSize

_HEADINGS = ("role", "model", "samples", "prompt", "sampled", "tokens", "FLOPs", "USD", "time")


def print_plan(console: Console, plan: Plan) -> None:
    """Print what a run would use by role, how that stands to its budget, and the sample sizes."""
    from ttc.report.console import line

    found = plan.forecast
    rows = [_role(role) for role in (*found.roles, found.total)]
    title = f"Forecast of {plan.recipe}: {counted(found.problems, 'problem')}"
    console.print(table(title, _HEADINGS, rows, range(2, 9)))
    for said in (*_basis(found), *found.notes):
        console.print(line(said))
    if plan.limits:
        headings = ("limit", "forecast", "of it", "fits")
        console.print()
        console.print(table("Budget", headings, [_limit(one) for one in plan.limits], (1, 2)))
        for one in plan.limits:
            if said := sentence(one, found):
                console.print(line(said))
    if plan.sample_size is not None:
        console.print()
        _print_sample_size(console, plan.sample_size)


def _print_sample_size(console: Console, found: SampleSize) -> None:
    from ttc.report.console import line

    first, second = found.arms
    goal, uncertain = found.goal, found.measured_problems > 0
    title = (
        f"To tell {second} from {first}, if they are {100 * goal.difference:g} points apart, with "
        f"power {goal.power:g} (paired two-sided test at {goal.alpha:g})"
    )
    headings = ["per problem", "problems", "to be safe", "tokens"]
    recipes = counted(found.recipe_problems, "problem")
    headings += [f"power with {recipes}", f"{recipes} find"]
    rows = [_design(design, uncertain) for design in found.designs]
    console.print(table(title, headings, rows, range(1, 6)))
    console.print(line(_capital(found.source)))
    if not any(map(math.isnan, found.arm_tokens)):
        one, other = map(number, found.arm_tokens)
        said = f"A problem takes {one} tokens by {first}, {other} by {second}"
        console.print(line(f"{said}{_unequal(*found.arm_tokens)}."))
    if found.measured is not None:
        said = f"There, {second} is {100 * found.measured:+.1f} points from {first}."
        console.print(line(said))
    if uncertain:
        said = "To be safe: should the spread be at the upper end of its one-sided 90 % interval."
        console.print(line(said))
    if any(design.foretold for design in found.designs):
        said = "The recipe draws more than there: its row follows from how the spread falls there."
        console.print(line(said))
    if uncertain and len(found.designs) == 1:
        said = "For designs with more samples per problem, compare at half of the pool's S or less."
        console.print(line(said))


def _unequal(first: float, second: float) -> str:
    ratio = max(first, second) / min(first, second) if min(first, second) > 0 else math.inf
    return "" if ratio < 1.25 else ", which is not the same compute"


def _design(design: Design, uncertain: bool) -> tuple[str, ...]:
    samples = "1 outcome"
    if design.solutions is not None:
        samples = counted(design.solutions, "solution")
        if design.verifications:
            samples += f", {counted(design.verifications, 'verification')}"
    if design.own:
        samples += " (this recipe)"
    return (
        samples,
        f"{design.problems:,}",
        f"{design.problems_upper:,}" if uncertain else "-",
        number(design.tokens),
        percent(design.power),
        _points(design.smallest_difference),
    )


def _points(difference: float) -> str:
    if math.isnan(difference):
        return "-"
    return f"{100 * difference:.1f} points" if difference < 1 else "none"


def _role(role: RoleForecast) -> tuple[str, ...]:
    tokens = _or_most(role.tokens, number, role.unsure)
    if not math.isnan(role.tokens.low):
        tokens += f" ({number(role.tokens.low)} to {number(role.tokens.high)})"
    return (
        role.role,
        role.model,
        _samples(role),
        number(role.prompt_tokens),
        number(role.completion_tokens),
        tokens,
        _or_most(role.flops, number, role.unsure),
        _or_most(role.usd, money, role.unsure),
        duration(role.seconds),
    )


def _samples(role: RoleForecast) -> str:
    """How many; else how many at most."""
    if role.samples is not None:
        return f"{role.samples:,}"
    if role.most_samples is None:
        return "-"
    return f"\N{LESS-THAN OR EQUAL TO} {role.most_samples:,}"


def _or_most(amount: Range, shown: Callable[[float], str], unsure: str) -> str:
    """What is expected; else what it is at most, or about that where nobody knows a bound."""
    if not math.isnan(amount.expected) or math.isnan(amount.most):
        return shown(amount.expected)
    sign = "about" if unsure else "\N{LESS-THAN OR EQUAL TO}"
    return f"{sign} {shown(amount.most)}"


def _basis(found: Forecast) -> Iterator[str]:
    """What the figures rest on."""
    by_source: dict[str, list[str]] = {}
    for role in found.roles:
        by_source.setdefault(role.source, []).append(role.role)
    for source, roles in by_source.items():
        if source:
            yield f"lengths of {', '.join(roles)}: {source}"
        else:
            yield (
                f"lengths of {', '.join(roles)}: not known; measure them by --pilot PROBLEMS or "
                f"--like RUN, or tell them by {' and '.join(_options(roles))}"
            )
    if not math.isnan(found.total.tokens.low):
        yield "in brackets: 90 % interval, by how lengths vary between problems"
    if not math.isnan(found.total.seconds):
        yield "time: as told, or at the pace of the run above (larger calls go faster)"
    unknown = [
        r for r in found.roles if _known(r.tokens) and not (_known(r.flops) or _known(r.usd))
    ]
    if unknown:
        yield "a dash: not known; cost.parameters gives FLOPs, cost.prices USD"
    yield from _most(found)


def _most(found: Forecast) -> Iterator[str]:
    """The most of each amount that is known, by what bounds it."""
    total = found.total
    amounts = {
        "tokens": f"{number(total.tokens.most)} tokens",
        "flops": f"{number(total.flops.most)} FLOPs",
        "usd": f"{money(total.usd.most)} USD",
    }
    by_reason: dict[str, list[str]] = {}
    for unit, text in amounts.items():
        if not math.isnan(getattr(total, unit).most):
            said = not any(math.isnan(getattr(role, unit).most) for role in found.roles)
            why = "if every completion had max_tokens" if said else "by the budget"
            word = "about" if said and total.unsure else "at most"
            by_reason.setdefault(f"{word}, {why}", []).append(text)
    for why, texts in by_reason.items():
        yield f"{why}: {', '.join(texts)}"
    if total.unsure and by_reason:
        yield f"about, not at most: {total.unsure}"
    if by_reason and any(role.role == FINGERPRINT for role in found.roles):
        yield "replies that get lost may be billed besides; a budget holds for them too"


def _known(amount: Range) -> bool:
    return not (math.isnan(amount.expected) and math.isnan(amount.most))


def _options(roles: Sequence[str]) -> Iterator[str]:
    if "solver" in roles:
        yield "--solution-tokens"
    if set(roles) - {"solver"}:
        yield "--verification-tokens"


def _limit(one: Limit) -> tuple[str, ...]:
    where = "per problem" if one.scope == "problem" else "for the run"
    verdict = _verdict(one)
    if one.holds and one.solutions is not None and one.verifications is not None:
        verdict += (
            f": about {number(one.solutions)} solutions and {number(one.verifications)} "
            "verifications a problem"
        )
    known = not math.isnan(one.forecast)
    return (
        f"{_amount(one.limit, one.unit)} {where}",
        _amount(one.forecast, one.unit),
        f"{100 * one.forecast / one.limit:,.0f} %" if known else "-",
        verdict,
    )


def _verdict(one: Limit) -> str:
    if not one.holds:
        return "reported at, no limit"
    if one.fits is None:
        return "perhaps" if not math.isnan(one.forecast) else "not known"
    return ("yes" if one.sure else "likely") if one.fits else "no"


def _amount(value: float, unit: str) -> str:
    if math.isnan(value):
        return "-"
    if unit == "seconds":
        return duration(value)
    if unit == "usd":
        return f"{money(value)} USD"
    return f"{number(value)} {'FLOPs' if unit == 'flops' else unit}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def money(value: float) -> str:
    """USD: cents, or two digits of what is less than ten of them; a dash where it is not known."""
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
