"""A scaling fit from Python."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from ttc.library.html import card, table
from ttc.library.pictures import showing
from ttc.pipeline.scaling import ScalingFit
from ttc.pipeline.scaling.quantities import MEANINGS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_TOLD = ("crossover", "sc_plateau", "best_success", "gain", "match_multiple")


class Fit:
    """What `ttc fit-scaling` finds: where verification passes voting, what it gains, how S and V
    grow with compute. Made by `Run.fit`.
    """

    def __init__(self, result: ScalingFit, title: str) -> None:
        self.result = result
        """All of it, as `ttc.pipeline.scaling` has it."""
        self._title = title

    @cached_property
    def table(self) -> pd.DataFrame:
        """Every figure with its interval: one a row, columns as in `fits.parquet`."""
        import pandas as pd

        from ttc.pipeline.scaling.tables import fit_rows

        return pd.DataFrame(list(fit_rows(self.result)))

    @cached_property
    def allocation(self) -> pd.DataFrame:
        """Best S and V by budget and procedure, columns as in `allocation.parquet`."""
        import pandas as pd

        from ttc.pipeline.scaling.tables import allocation_rows

        return pd.DataFrame(list(allocation_rows(self.result)))

    def figure(self, name: str = "success") -> Figure:
        """One of the figures of `ttc fit-scaling`: success, surface, allocation or coverage.

        Raises `UsageError` for another name.
        """
        from ttc.errors import UsageError
        from ttc.report.figures import MAKERS

        if name not in MAKERS:
            raise UsageError(f"no figure {name!r}; there are {', '.join(MAKERS)}")
        return showing(MAKERS[name](self.result, self._title))

    def as_dict(self) -> dict[str, Any]:
        """Plain data, as in `fit.json`."""
        return self.result.as_dict()

    def __repr__(self) -> str:
        methods = ", ".join(one.label for one in self.result.methods)
        return f"<ttc.Fit of {self._title}: {methods}; {self.result.problems} problems>"

    def _repr_html_(self) -> str:
        rows = [
            (method.label, MEANINGS[name][0], *_shown(method.figures[name].as_dict()))
            for method in self.result.methods
            for name in _TOLD
        ]
        level = f"{100 * self.result.request.level:g} %"
        said = f"{self.result.problems} problems, compute in {self.result.unit}"
        heads = ("method", "figure", "estimate", f"{level} from", "to")
        return card(f"Scaling fit of {self._title}", [said], table(heads, rows))


def _shown(one: dict[str, Any]) -> tuple[str, ...]:
    values = (one["estimate"], one["low"], one["high"])
    return tuple(f"{v:.4g}" if isinstance(v, float) else "-" if v is None else v for v in values)
