"""What `ttc eval-verifier` found, on about a page: figures, V and S, groups, attacks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ttc.analysis.intervals import few_problems
from ttc.pipeline.judging.evaluation import Judging, OneJudging
from ttc.pipeline.judging.figures import ALL, Figure
from ttc.report.tables import table
from ttc.words import counted

if TYPE_CHECKING:
    from rich.console import Console

_ROWS: tuple[tuple[str, str], ...] = (
    ("auc", "AUC, any two solutions"),
    ("auc_within", "AUC, two of one problem"),
    ("average_precision", "average precision"),
    ("balanced_accuracy", "balanced accuracy"),
    ("f1", "F1 (ProcessBench's)"),
    ("true_positive_rate", "right ones accepted"),
    ("true_negative_rate", "wrong ones rejected"),
    ("first_wrong_f1", "first wrong step, F1"),
    ("first_wrong_found", "  found where there is one"),
    ("none_wrong_found", "  none named where there is none"),
    ("equal_error_rate", "equal error rate"),
    ("equal_error_rate_z", "  z-normalised"),
    ("equal_error_rate_t", "  t-normalised"),
    ("min_detection_cost", "min. detection cost,"),
    ("ece_width", "ECE, equal width"),
    ("ece_mass", "ECE, equal mass"),
    ("brier", "Brier score"),
    ("rho_errors", "correlation of repeated errors"),
    ("effective_verdicts", "effective V"),
    ("solver_wrong", "score and frequency, wrong ones"),
    ("unreadable", "verdicts not readable"),
)
_OF_GROUPS = ("auc", "balanced_accuracy", "ece_width", "best_wrong")
_OF_ATTACKS = ("accepted", "more_accepted", "flipped", "score_rise")
_SIDE_BY_SIDE = 3
_SIZES = 8


def print_judging(console: Console, found: Judging, written: Sequence[Path] = ()) -> None:
    """Print it; `written` are the files that hold all of it."""
    from ttc.report.console import line

    for text in _headlines(found):
        console.print(line(text, "bold"))
    for start in range(0, len(found.each), _SIDE_BY_SIDE):
        _print_figures(console, found, found.each[start : start + _SIDE_BY_SIDE])
    _print_sizes(console, found)
    for by in dict.fromkeys(one.by for part in found.each for one in part.figures):
        if by != ALL:
            _print_groups(console, found, by)
    if found.attacks:
        _print_attacks(console, found)
    for text in _notes(found):
        console.print(line(text))
    for path in written:
        console.print(line(f"  {path}"))


def _headlines(found: Judging) -> Iterator[str]:
    for part in found.each:
        area, wrong = part.figure("auc"), _last(part, "best_wrong")
        accepted, worth = _last(part, "best_wrong_accepted"), part.figure("effective_verdicts")
        told = f"{part.verifier} tells a right solution from a wrong one"
        if area is None or math.isnan(area.value):
            told = f"{part.verifier} judged {_kinds(part)}, so nothing tells how it ranks the two"
        else:
            told += f" in {_percent(area)} of pairs"
        if wrong is not None and accepted is not None and wrong.at is not None and wrong.at > 1:
            told += (
                f"; the best scored of {wrong.at:g} is wrong in {_percent(wrong)}, wrong and "
                f"accepted in {100 * accepted.value:.1f} %"
            )
        if worth is not None and not math.isnan(worth.value) and worth.at is not None:
            told += f"; {worth.at:g} verdicts are worth {worth.value:.1f} independent ones"
        yield told + "."


def _kinds(part: OneJudging) -> str:
    return "right solutions only" if part.judged.correct.all() else "wrong solutions only"


def _last(part: OneJudging, quantity: str) -> Figure | None:
    """The figure at the largest S."""
    fits = [one for one in part.figures if (one.quantity, one.by) == (quantity, ALL)]
    return max(fits, key=lambda one: one.at or 0, default=None)


def _percent(one: Figure) -> str:
    told = f"{100 * one.value:.1f} %"
    if math.isnan(one.low):
        return told
    return f"{told} ({100 * one.low:.1f} to {100 * one.high:.1f})"


def _print_figures(console: Console, found: Judging, parts: Sequence[OneJudging]) -> None:
    threshold = found.request.rules.threshold
    rows: list[tuple[str, ...]] = [
        ("solutions judged", *(f"{len(part.judged.score):,}" for part in parts)),
        ("problems", *(f"{len(part.judged.problem_ids):,}" for part in parts)),
        ("accepted from the score", *(f"{threshold:g}" for _ in parts)),
    ]
    for quantity, name in _ROWS:
        # Detection costs are there once for each P_target.
        ats = dict.fromkeys(
            one.at for part in parts for one in part.figures if one.quantity == quantity
        )
        for at in ats:
            cells = [_cell(part.figure(quantity, at)) for part in parts]
            if any(cell != "-" for cell in cells):
                rows.append((name + _at(quantity, at), *cells))
    title = f"Verifiers of {found.run}"
    heading = ("", *(part.verifier for part in parts))
    console.print(table(title, heading, rows, range(1, len(heading))))


def _at(quantity: str, at: float | None) -> str:
    if at is None:
        return ""
    words = {"min_detection_cost": " P_target", "effective_verdicts": " of"}
    return f"{words[quantity]} {at:g}" if quantity in words else f", {at:g} bins"


def _cell(one: Figure | None) -> str:
    if one is None or math.isnan(one.value):
        return "-"
    if math.isnan(one.low):
        return f"{one.value:.3f}"
    return f"{one.value:.3f} ({one.low:.3f} to {one.high:.3f})"


def _print_sizes(console: Console, found: Judging) -> None:
    """How success grows with V, and false positives with S."""
    for curve, series, title in (
        (
            "verifications",
            (("balanced_accuracy", ""), ("auc", ", AUC")),
            "Balanced accuracy of the mean of V verdicts",
        ),
        (
            "false_positives",
            (("best_wrong", ""), ("best_wrong_accepted", ", and accepted")),
            "How often the best scored of S is wrong",
        ),
    ):
        letter = "V" if curve == "verifications" else "S"
        rows, sizes = [], dict[float, None]()
        for part in found.each:
            sizes |= dict.fromkeys(one.x for one in part.series(curve, series[0][0]))
        shown = sorted(sizes)[-_SIZES:]
        if len(shown) < 2:
            continue
        for part in found.each:
            for name, ending in series:
                at = {one.x: one for one in part.series(curve, name)}
                cells = [f"{at[x].y:.3f}" if x in at else "-" for x in shown]
                rows.append((part.verifier + ending, *cells))
        heading = (letter, *(f"{x:g}" for x in shown))
        console.print(table(title, heading, rows, range(1, len(heading))))


def _print_groups(console: Console, found: Judging, by: str) -> None:
    rows = []
    for part in found.each:
        for group in dict.fromkeys(one.group for one in part.figures if one.by == by):
            # The last of false positives is that at the largest S.
            own = {one.quantity: one for one in part.figures if (one.by, one.group) == (by, group)}
            cells = [_short(own.get(name)) for name in _OF_GROUPS[:2]]
            who = f"{part.verifier}: {group}" if len(found.each) > 1 else group
            count = own["right"].solutions
            rest = [_short(own.get(name)).partition(" ")[0] for name in _OF_GROUPS[2:]]
            rows.append((who, count, *cells, _gap(own.get("balanced_accuracy")), *rest))
    heading = (by, "n", "AUC", "balanced accuracy", "gap to the rest", "ECE", "best wrong")
    console.print(table(f"By {by}", heading, rows, range(1, len(heading))))


def _short(one: Figure | None) -> str:
    if one is None or math.isnan(one.value):
        return "-"
    if math.isnan(one.low):
        return f"{one.value:.2f}"
    return f"{one.value:.2f} ({one.low:.2f} to {one.high:.2f})"


def _gap(one: Figure | None) -> str:
    if one is None or math.isnan(one.gap):
        return "-"
    if math.isnan(one.gap_low):
        return f"{one.gap:+.2f}"
    return f"{one.gap:+.2f} ({one.gap_low:+.2f} to {one.gap_high:+.2f})"


def _print_attacks(console: Console, found: Judging) -> None:
    heading = ("attack", "n", "accepted", "above unaltered", "rejected before", "score rises by")
    for who in dict.fromkeys(one.verifier for one in found.attacks):
        rows = []
        for group in dict.fromkeys(one.group for one in found.attacks if one.verifier == who):
            own = {
                one.quantity: one
                for one in found.attacks
                if (one.verifier, one.group) == (who, group)
            }
            told = (_short(own.get(name)) for name in _OF_ATTACKS)
            rows.append((group, own["accepted"].solutions, *told))
        title = f"Wrong solutions, altered and judged anew by {who}: how many are accepted"
        console.print(table(title, heading, rows, range(1, len(heading))))


def _notes(found: Judging) -> Iterator[str]:
    costs = found.request.rules.costs
    told = ", ".join(f"P_target {c.p_target:g} C_miss {c.c_miss:g} C_fa {c.c_fa:g}" for c in costs)
    yield (
        f"Intervals are {100 * found.request.level:g} % over new problems. Detection costs: {told} "
        "(1: a blind decision). ECE of finite data is above 0 even of a calibrated judge."
    )
    if found.together is not None:
        yield (
            f"{len(found.alone)} verifiers, whose errors correlate by {found.together.mean:.2f} on "
            f"average, are worth {found.together.by_mean:.1f} independent ones "
            f"({found.together.by_eigenvalues:.1f} by eigenvalues)."
        )
    for name in found.unattacked:
        yield (
            f"{name} said nothing readable of any altered solution: no attack. (Who reads the "
            "solver's own samples finds none behind these texts.)"
        )
    for part in found.each:
        yield from _margins(part)
        lost = int((~part.judged.told).sum())
        if lost:
            yield (
                f"{part.verifier}: {counted(lost, 'solution')} without a readable verdict count as "
                "scored 0, and not for calibration."
            )
        if part.judged.compares:
            yield (
                f"{part.verifier} compares solutions: its score is the mean share that one won, "
                "which is no probability of being right."
            )
        if rough := few_problems(len(part.judged.problem_ids)):
            yield f"{part.verifier}: {rough}."


def _margins(part: OneJudging) -> Iterator[str]:
    told = []
    for policy, name in (("best_of_n", "best-of-N"), ("weighted_majority", "weighted majority")):
        middle, points = part.figure(f"margin_{policy}", 0.5), part.series("margin", policy)
        alone = part.figure(f"never_flips_{policy}")
        if middle is None or not points or alone is None or alone.value == 1:
            return
        far = "any amount" if math.isinf(middle.value) else f"{middle.value:.3f}"
        told.append(f"{far} for {name} ({100 * points[0].y:.0f} % of problems are ties)")
    yield (
        f"{part.verifier}: all scores may move by so much, median over problems, before the choice "
        f"may flip: {' and '.join(told)}."
    )
