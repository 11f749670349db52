"""What `ttc doctor` found, as terminal tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttc.report.tables import number, table

if TYPE_CHECKING:
    from rich.console import Console

    from ttc.doctor.diagnosis import Diagnosis
    from ttc.doctor.examining import Checkup

_STYLES = {"ok": "green", "note": "dim", "warning": "yellow", "failure": "bold red"}
_WORDS = {"failure": "broken"}


def print_checkup(console: Console, checkup: Checkup) -> None:
    """One table a server, then the verdict."""
    from ttc.report.console import line

    for one in checkup.diagnoses:
        _print_diagnosis(console, one)
    for text in checkup.left_out:
        console.print(line(f"not examined: {text}"))
    console.print(line(_verdict(checkup), "green" if checkup.healthy else "red"))


def _print_diagnosis(console: Console, one: Diagnosis) -> None:
    from ttc.report.console import line

    identity = one.identity
    made = table(f"{identity.model} at {identity.endpoint}", ("check", "result", "finding"), ())
    made.columns[0].no_wrap = made.columns[1].no_wrap = True
    for finding in one.findings:
        level = line(_WORDS.get(finding.level, finding.level), _STYLES[finding.level])
        made.add_row(line(finding.check), level, line(finding.message))
    console.print(made)
    facts = [f"{k.replace('_', ' ')} {_fact(v)}" for k, v in identity.facts.items()]
    if facts:
        console.print(line(f"stated: {', '.join(facts)}", "dim"))


def _fact(value: object) -> str:
    return number(value) if isinstance(value, int | float) else str(value)


def _verdict(checkup: Checkup) -> str:
    levels = [f.level for one in checkup.diagnoses for f in one.findings]
    broken, warnings = levels.count("failure"), levels.count("warning")
    said = f"{broken} broken" if broken else "Healthy"
    advice = "; follow a warning's advice in the recipe" if warnings else ""
    plural = "warning" if warnings == 1 else "warnings"
    return f"{said}, {warnings or 'no'} {plural}{advice}."
