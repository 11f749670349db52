"""Runs beside each other, from Python."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ttc.library.html import card, table
from ttc.library.loaded import Run, load
from ttc.library.pictures import showing
from ttc.redact import redact
from ttc.visible import visible_line

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ttc.pipeline.comparing import By
    from ttc.pipeline.comparing import Comparison as Result
    from ttc.pipeline.comparing.gate import Outcome

_TOLD = (
    *("method", "budget", "policy", "S", "V", "success", "ahead", "ahead_low", "ahead_high"),
    "finding",
)


class Comparison:
    """What methods of runs buy at equal compute, paired over problems. Made by `ttc.compare`.

    Its `repr` says which are better, worse or undecided at the largest budget (or S).
    """

    def __init__(self, result: Result) -> None:
        self.result = result
        """All of it, as `ttc.pipeline.comparing` has it."""
        self._rows = result.rows()

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a method and budget, columns as in `comparison.parquet`."""
        import pandas as pd

        return pd.DataFrame(self._rows)

    @property
    def outcome(self) -> Outcome | None:
        """pass, fail or undecided: the worst of the gates; None where none was given."""
        from ttc.pipeline.comparing.gate import worst

        return worst(self.result.gates) if self.result.gates else None

    def figure(self, name: str | None = None) -> Figure:
        """One of the figures of `ttc compare --out`; a matplotlib figure.

        name: comparison (success and differences against compute) or differences (of each row, at
        the last budget or S), the first that there is without it. Raises `UsageError` for one that
        there is not.
        """
        from ttc.errors import UsageError
        from ttc.report.compare_figure import comparison_figures

        figures = comparison_figures(self.result)
        wanted = name or next(iter(figures))
        if wanted not in figures:
            raise UsageError(
                f"no figure {name!r} of this comparison; there is {', '.join(figures)}"
            )
        return showing(figures[wanted])

    def __repr__(self) -> str:
        said = "\n  ".join(visible_line(redact(text)) for text in self._said())
        return f"<ttc.Comparison of {self.result.problems} problems. {said}>"

    def _said(self) -> list[str]:
        from ttc.report.compare import gate_line, verdicts

        methods = ", ".join(self.result.methods)
        return [verdicts(self.result) or f"Rows: {methods}", *map(gate_line, self.result.gates)]

    def _repr_html_(self) -> str:
        heads = [name for name in _TOLD if self._rows and name in self._rows[0]]
        stated = [row for row in self._rows if row["stated"]]
        rows = [[_shown(row[name]) for name in heads] for row in stated]
        said = f"{self.result.problems} problems, compute in {self.result.unit}"
        lines = [said, *self._said()]
        return card("Methods at equal compute", lines, table(heads, rows))


def _shown(value: Any) -> str:
    return "-" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def compare(
    *runs: Run | str | PathLike[str],
    unit: str | None = None,
    budgets: Sequence[float] = (),
    samples: Sequence[int] = (),
    by: By | None = None,
    baseline: str | None = None,
    over: Sequence[str] = (),
    cluster: str | None = None,
    level: float = 0.95,
    gate: str | Sequence[str] = (),
    results: str | PathLike[str] = "results",
) -> Comparison:
    """Every method of runs of the same problems at equal compute per problem, as `ttc compare`.

    runs: loaded, or as `ttc.load` finds them. unit: tokens, flops, usd, calls, seconds, c or
    latency; budgets: in it, a ladder over what there is where none are given. samples: S at which
    they are compared, too. by: a row for each recipe, verifier or policy; without it recipe, of one
    run verifier. baseline: a row or a run, the first row without it. over: keys whose values are
    repeats of one recipe, such as seed. cluster: a key of metadata. gate: what must hold, such as
    `not worse than cold by 2 points at 10k tokens`; `.outcome` of what is returned is then pass,
    fail or undecided. Raises `ttc.TtcError` for runs of other problems, or without costs in that
    unit, and for a gate that can't be read.

        >>> found = ttc.compare("quickstart", budgets=[300])
        >>> sorted(set(found.table.loc[found.table["stated"], "budget"]))
        [300.0]
        >>> gate = "quickstart better than vote at 300 tokens"
        >>> ttc.compare("quickstart", gate=gate).outcome  # eight problems tell little
        'undecided'
    """
    from ttc.pipeline.comparing import Request
    from ttc.pipeline.comparing import compare as at_equal_compute

    loaded = [one if isinstance(one, Run) else load(one, Path(results)) for one in runs]
    folders = [one.folder for one in loaded]
    request = Request(
        unit=unit,
        budgets=tuple(budgets),
        samples=tuple(samples),
        by=by,
        baseline=baseline,
        over=tuple(over),
        cluster=cluster,
        level=level,
    )
    gates = (gate,) if isinstance(gate, str) else tuple(gate)
    found = at_equal_compute(folders, request, gates, Path(results))
    return Comparison(found)
