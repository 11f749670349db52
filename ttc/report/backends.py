"""The table of what every backend offers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ttc.installing import with_extra
from ttc.report.tables import table

if TYPE_CHECKING:
    from rich.console import Console

_HEADINGS = {
    "chat": "chat",
    "raw": "raw",
    "max_n": "n a call",
    "seed": "seed",
    "logprobs": "logprobs",
    "prefill": "prefill",
    "stop": "stop",
    "step_scores": "steps",
    "hidden_states": "hidden",
    "text_logprobs": "reads",
    "deterministic": "exact",
}


_LEGEND = """\
n a call: samples that one request gives; logprobs: most alternatives per token; steps: scores of
reasoning steps; hidden: hidden states; exact: a seed fixes a sample exactly; ready: no missing
extra. Told for default settings: a server may offer less, which the backend's fields can say."""

_WIDE = 110  # columns of text that the table takes with its usual spacing


def print_backends(console: Console, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows of `capabilities_table`; capabilities of plug-ins that state none are `?`."""
    from ttc.report.console import line

    headings = ("type", *_HEADINGS.values(), "ready")
    cells = [
        (row["type"], *(_cell(row.get(key, "?")) for key in _HEADINGS), _cell(row["installed"]))
        for row in rows
    ]
    made = table("Backends and what they offer", headings, cells, numeric=(3, 5))
    if console.width < _WIDE:
        made.padding = (0, 0)
    console.print(made)
    for row in rows:
        console.print(line(f"{row['type']}: {row['summary']}{_extra(row)}"))
    console.print(line(" ".join(_LEGEND.split()), "dim"))


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "-"
    return str(value) if value else "-"


def _extra(row: Mapping[str, Any]) -> str:
    if row["extra"] is None:
        return ""
    state = "installed" if row["installed"] else f"missing: {with_extra(row['extra'])}"
    return f" (extra {row['extra']}, {state})"
