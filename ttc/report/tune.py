"""What was tried and chosen, as tables, and how to go on."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from ttc.pipeline.tuning.file import Choice, Figure, Tuned, Weights
from ttc.pipeline.tuning.use import ensemble, pasted
from ttc.report.tables import number, percent, table
from ttc.store.run_folder import RunFolder
from ttc.store.run_words import shortest_word
from ttc.words import counted

if TYPE_CHECKING:
    from rich.console import Console


def print_tuned(console: Console, tuned: Tuned, path: Path, replaced: bool) -> None:
    """Print the split, each choice with its candidates, weights, and what to do with them."""
    from ttc.report.console import line

    for text in _split(tuned, path, replaced):
        console.print(line(text))
    for choice in tuned.policies:
        console.print(_candidates(choice))
        for text in _said(choice):
            console.print(line(text))
    for number_, weights in enumerate(tuned.weights):
        console.print(_weights(weights))
        console.print(line(f"in a recipe's ensemble: {ensemble(tuned, number_, path)}"))
    for text in _how_on(tuned, path):
        console.print(line(text))


def _split(tuned: Tuned, path: Path, replaced: bool) -> list[str]:
    alike = f", alike from each {tuned.stratified_by}" if tuned.stratified_by else ""
    lines = [
        f"{tuned.run}: tuned on {counted(len(tuned.problems), 'problem')} drawn by seed "
        f"{tuned.seed}{alike}; {counted(tuned.others, 'other problem')} to report on ({path})"
    ]
    if replaced:
        lines.append(
            "The file was of another split, and is replaced: what was chosen by that one has seen "
            "problems that would now be reported on. Don't use both."
        )
    return lines


def _candidates(choice: Choice) -> object:
    who = f" ({choice.verifier})" if choice.verifier else ""
    title = f"{choice.before}{who}, on the tuning problems"
    rows = []
    for one in choice.candidates:
        mark = "chosen" if one.label == choice.label else ""
        span = _span(one.low, one.high)
        cost = "-" if one.cost is None else number(one.cost)
        rows.append((one.label, one.S, one.V, cost, percent(one.success), span, mark))
    heads = ("candidate", "S", "V", "cost", "success", "95 %, new problems", "")
    return table(title, heads, rows, (1, 2, 3, 4))


def _said(choice: Choice) -> list[str]:
    if choice.success_others is None or choice.gain_others is None:
        return []
    others, gained = choice.success_others, choice.gain_others
    lines = [
        f"{choice.label}: {percent(choice.success_tuning.estimate)} on the tuning problems, "
        f"{percent(others.estimate)} ({_span(others.low, others.high)}) on the other "
        f"{others.problems}"
    ]
    if choice.label == choice.before:
        return [*lines, f"Nothing that was tried is better than {choice.before} as it was."]
    lines.append(
        f"gain on {choice.before}: {_points(choice.gain_tuning)} where it was chosen, "
        f"{_points(gained)} on the others; the difference, {100 * (choice.optimism or 0):+.1f} "
        "points, is the optimism of tuning"
    )
    return lines


def _weights(weights: Weights) -> object:
    heads = ("", "weight", "in a mean", "AUC, tuning", "AUC, others")
    rows = [
        (
            name,
            f"{weights.weights[name]:.3g}" if name in weights.weights else "",
            f"{weights.mean_weights[name]:.3f}" if name in weights.mean_weights else "",
            _auc(weights.auc_tuning.get(name)),
            _auc(weights.auc.get(name)),
        )
        for name in weights.auc
    ]
    how = {"logistic": "logistic regression on labels", "agreement": "agreement alone, no labels"}
    title = (
        f"Weights by {how[weights.method]} ({counted(weights.solutions, 'solution')}); intercept "
        f"{weights.intercept:.3g}"
    )
    return table(title, heads, rows, (1, 2, 3, 4))


def _auc(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _how_on(tuned: Tuned, path: Path) -> list[str]:
    lines = []
    if tuned.policies:
        lines.append(f"on the other problems: ttc curves {quote(_word(tuned, path))} --tuned")
    changed = [choice for choice in tuned.policies if choice.label != choice.before]
    if changed:
        lines.append("in a recipe, where the problems tuned on are to be left out:")
        lines += [f"  - {pasted(choice, path)}" for choice in changed]
        lines.append("  grid: {tuning_problems: left_out}")
    return lines


def _word(tuned: Tuned, path: Path) -> str:
    """The run in a command. path: the file with what was tuned, usually in the run's folder."""
    run = RunFolder(path.parent)
    return shortest_word(run) if run.exists() and run.name == tuned.run else tuned.run


def _points(figure: Figure) -> str:
    span = ""
    if figure.low is not None and figure.high is not None:
        span = f" ({100 * figure.low:+.1f} to {100 * figure.high:+.1f})"
    return f"{100 * figure.estimate:+.1f}{span}"


def _span(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{percent(low)} to {percent(high)}"
