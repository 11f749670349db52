"""Gates for continuous integration: `not worse than A by 2 points at 10k tokens`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ttc.errors import UsageError
from ttc.pipeline.interval import Interval
from ttc.words import nearest, scaled

if TYPE_CHECKING:
    from ttc.pipeline.comparing.result import Point

Outcome = Literal["pass", "fail", "undecided"]
Kind = Literal["not worse", "better"]

EXIT_CODES: dict[Outcome, int] = {"pass": 0, "fail": 3, "undecided": 4}
"""1 and 2 are those of errors and of wrong command lines."""
FORM = (
    "[ROW] not worse than ROW by N points at AMOUNT UNIT, or [ROW] better than ROW at AMOUNT UNIT"
)
_WORST_FIRST: tuple[Outcome, ...] = ("fail", "undecided", "pass")

_PHRASES: dict[str, Kind] = {"not worse than": "not worse", "better than": "better"}
_UNITS = {
    **dict.fromkeys(("token", "tokens"), "tokens"),
    **dict.fromkeys(("flop", "flops"), "flops"),
    **dict.fromkeys(("usd", "dollar", "dollars"), "usd"),
    **dict.fromkeys(("call", "calls"), "calls"),
    "seconds": "seconds",
    "latency": "latency",
    "c": "c",
    **dict.fromkeys(("sample", "samples"), "samples"),
}
_POINTS = ("point", "points", "pp", "%")


@dataclass(frozen=True)
class Gate:
    """What must hold. subject: whose success, None for every recipe that is not the base's; margin:
    in success probability; at: compute in `unit`, or so many samples.
    """

    text: str
    subject: str | None
    kind: Kind
    base: str
    margin: float
    at: float
    unit: str

    def outcome(self, difference: Interval) -> Outcome:
        """By the interval of subject less base: passed or failed where all of it says so.

        Not worse: the difference is above -margin; better: above +margin.
        """
        bound = -self.margin if self.kind == "not worse" else self.margin
        if difference.low > bound:
            return "pass"
        return "fail" if difference.high < bound or difference.high == bound == 0 else "undecided"


@dataclass(frozen=True)
class GateResult:
    """How a gate went for one subject. why: where that could not be told.

    points: what base and subject take there, the subject's with the difference; of the one that has
    nothing there, none. unit: of their compute.
    """

    gate: str
    subject: str
    base: str
    outcome: Outcome
    difference: Interval | None = None
    why: str = ""
    points: tuple[Point, ...] = ()
    unit: str = "tokens"

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        told = None if self.difference is None else self.difference.as_dict()
        names = ("gate", "subject", "base", "outcome", "why")
        sides = [one.as_row(self.unit, self.base) for one in self.points]
        return {name: getattr(self, name) for name in names} | {"difference": told, "sides": sides}


def worst(results: Sequence[GateResult]) -> Outcome:
    """Of all gates: a failure counts more than what is undecided; passed where there is none."""
    outcomes = {one.outcome for one in results}
    return next((one for one in _WORST_FIRST if one in outcomes), "pass")


def parse_gate(text: str) -> Gate:
    """A gate of its words. Raises `UsageError` that says which part is wrong, and the form."""
    words = " ".join(text.split())
    phrase = next((one for one in _PHRASES if f" {one} " in f" {words} "), None)
    if phrase is None:
        raise _wrong(text, "it has neither `not worse than` nor `better than`")
    subject, _, rest = f" {words} ".partition(f" {phrase} ")
    rest, _, place = rest.strip().rpartition(" at ")
    if not rest:
        raise _wrong(text, "it does not say where: end it with `at 10k tokens` or `at 16 samples`")
    at, unit = _amount(text, place)
    base, by, points = rest.rpartition(" by ")
    if not by:
        base, points = rest, ""
    kind = _PHRASES[phrase]
    if kind == "not worse" and not points:
        raise _wrong(
            text, "it does not say by how much: equal methods differ by chance; say `by 2 points`"
        )
    margin = _points(text, points) if points else 0.0
    return Gate(text, subject.strip() or None, kind, base.strip(), margin, at, unit)


def _amount(text: str, place: str) -> tuple[float, str]:
    """`10k tokens`, `$0.02`, `16 samples`."""
    first, _, word = place.strip().lower().partition(" ")
    dollars = first.startswith("$")
    value = scaled(first.removeprefix("$"))
    if value is None:
        raise _wrong(text, f"`{place}` begins with no amount, such as 10k or 0.02")
    word = word.strip() or ("usd" if dollars else "")
    if not word:
        raise _wrong(text, f"`{place}` has no unit: {', '.join(dict.fromkeys(_UNITS.values()))}")
    unit = _UNITS.get(word)
    if unit is None:
        raise _wrong(text, f"unknown unit `{word}`{nearest(word, _UNITS)}")
    if value <= 0 or (unit == "samples" and value % 1):
        raise _wrong(text, f"`{place}`: expected an amount above 0, of samples a whole one")
    return value, unit


def _points(text: str, told: str) -> float:
    word = told.strip().lower().lstrip("0123456789.")
    value = scaled(told.strip().lower().removesuffix(word))
    if value is None or word.strip() not in _POINTS:
        raise _wrong(text, f"`by {told}`: expected percentage points, such as `by 2 points`")
    if value > 100:
        raise _wrong(text, f"`by {told}`: success differs by 100 points at most")
    return value / 100


def _wrong(text: str, what: str) -> UsageError:
    return UsageError(f"--gate {text!r}: {what}; the form is: {FORM}")
