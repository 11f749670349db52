"""Runs beside each other, from Python."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ttc.library.html import card, table
from ttc.library.loaded import Run, load

if TYPE_CHECKING:
    import pandas as pd

    from ttc.pipeline.comparing import By
    from ttc.pipeline.comparing import Comparison as Result

_TOLD = (
    *("method", "budget", "policy", "S", "V", "success", "ahead", "ahead_low", "ahead_high"),
    "finding",
)


class Comparison:
    """What methods of runs buy at equal compute, paired over problems. Made by `ttc.compare`."""

    def __init__(self, result: Result) -> None:
        self.result = result
        """All of it, as `ttc.pipeline.comparing` has it."""
        self._rows = result.rows()

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a method and budget, columns as in `comparison.parquet`."""
        import pandas as pd

        return pd.DataFrame(self._rows)

    def __repr__(self) -> str:
        methods = ", ".join(self.result.methods)
        return f"<ttc.Comparison of {methods}; {self.result.problems} problems>"

    def _repr_html_(self) -> str:
        heads = [name for name in _TOLD if self._rows and name in self._rows[0]]
        stated = [row for row in self._rows if row["stated"]]
        rows = [[_shown(row[name]) for name in heads] for row in stated]
        said = f"{self.result.problems} problems, compute in {self.result.unit}"
        return card("Methods at equal compute", [said], table(heads, rows))


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
    results: str | PathLike[str] = "results",
) -> Comparison:
    """Every method of runs of the same problems at equal compute per problem, as `ttc compare`.

    runs: loaded, or as `ttc.load` finds them. unit: tokens, flops, usd, calls, seconds, c or
    latency; budgets: in it, a ladder over what there is where none are given. samples: S at which
    they are compared, too. by: a row for each recipe, verifier or policy; without it recipe, of one
    run verifier. baseline: a row or a run, the first row without it. over: keys whose values are
    repeats of one recipe, such as seed. cluster: a key of metadata. Raises `ttc.TtcError` for runs
    of other problems, or without costs in that unit.

        >>> found = ttc.compare("quickstart", budgets=[300])
        >>> sorted(set(found.table.loc[found.table["stated"], "budget"]))
        [300.0]
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
    found = at_equal_compute(folders, request, results=Path(results))
    return Comparison(found)
