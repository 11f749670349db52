"""How policies and units are called in figures and tables for people."""

from __future__ import annotations

from ttc.registry import parts
from ttc.visible import visible_line

_AXES = {
    "c": "in solutions, S(1 + \N{GREEK SMALL LETTER LAMDA}V)",
    "tokens": "in tokens",
    "flops": "in FLOPs",
    "usd": "in USD",
    "calls": "in calls",
    "seconds": "in seconds of calls",
    "latency": "in seconds until the answer",
}


def shown_policy(label: str) -> str:
    """`best-of-N` for best_of_n: the title of a label's type; other labels are as they are."""
    word, bracket, changes = label.partition("(")
    cls = parts("policy").get(word)
    return (getattr(cls, "title", "") or word) + bracket + changes


def label(text: str, longest: int = 200) -> str:
    r"""A text as a label of a figure: data is drawn as it is, a `$` begins no formula.

    matplotlib leaves labels that begin with an underscore out of legends, hence the space.
    """
    line = visible_line(text)
    line = line if len(line) <= longest else line[: longest - 3] + "..."
    return (" " if line.startswith("_") else "") + line.replace("$", r"\$")


def axis(unit: str) -> str:
    """What a compute axis counts."""
    return _AXES.get(unit, f"in {unit}")
