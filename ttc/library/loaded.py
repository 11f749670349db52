"""Runs that are there, from Python."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ttc.library.fitted import Fit
from ttc.library.html import card, table
from ttc.library.pictures import showing
from ttc.store.manifest import Manifest
from ttc.store.run_folder import RunFolder, find_run

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ttc.store.columns import TableName

_MAY_BE_ABSENT = ("verifications", "samples", "answers")


class Run:
    """A run on disk: its tables as pandas frames, its success at any S and V, its fit and figure.

    Tables are read when they are first asked for, and kept; `ttc.load` of the same run reads anew.
    Columns are those of docs/columns.md. Texts in them are a model's: data, never to be executed.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder

    @property
    def name(self) -> str:
        """`recipe/id`."""
        return self.folder.name

    @property
    def path(self) -> Path:
        """The run's folder."""
        return self.folder.path

    @cached_property
    def manifest(self) -> Manifest:
        """What the run was: resolved recipe, models, versions, seed, what was used, choices."""
        return self.folder.manifest()

    @property
    def recipe(self) -> dict[str, Any]:
        """The recipe as it was run, defaults included."""
        return self.manifest.recipe

    @property
    def status(self) -> str:
        """complete, budget (ended by it), interrupted, imported or simulated."""
        return self.manifest.status

    @cached_property
    def problems(self) -> pd.DataFrame:
        """One row a problem."""
        return self._frame("problems")

    @cached_property
    def solutions(self) -> pd.DataFrame:
        """One row a solution."""
        return self._frame("solutions")

    @cached_property
    def verifications(self) -> pd.DataFrame:
        """One row a verification; no rows in a run without verifiers."""
        return self._frame("verifications")

    @cached_property
    def samples(self) -> pd.DataFrame:
        """One row a call of a model, kept or not; no rows of imported samples."""
        return self._frame("samples")

    @cached_property
    def answers(self) -> pd.DataFrame:
        """The answer so far and its cost, of samplers that give one answer; else no rows."""
        return self._frame("answers")

    @cached_property
    def curves(self) -> pd.DataFrame:
        """Success and cost of each policy at each S and V of the recipe's grid."""
        if self.folder.curves.is_file():
            return self._frame("curves")
        return self.success()

    def _frame(self, name: TableName) -> pd.DataFrame:
        from ttc.store._arrow import schema
        from ttc.store.tables import read_frame

        path = self.folder.table(name)
        if name in _MAY_BE_ABSENT and not path.is_file():
            empty: pd.DataFrame = schema(name).empty_table().to_pandas()
            return empty
        return read_frame(path, name)

    def success(
        self,
        policies: Sequence[str] | None = None,
        solutions: Sequence[int] | None = None,
        verifications: Sequence[int] | None = None,
        verifier: str | None = None,
    ) -> pd.DataFrame:
        """Success and cost at any S and V of the pool, as `ttc curves` has it; None: the recipe's.

        policies: labels, types or aliases (`pass@k`, `maj@k`). Nothing is sampled. Raises
        `UsageError` for an unknown policy and `DataError` for S and V beyond the pool.

            >>> run = ttc.load("quickstart")
            >>> found = run.success(["majority", "pass@k"], solutions=[1, 3])
            >>> found[["policy", "S"]].values.tolist()
            [['majority', 1], ['majority', 3], ['oracle', 1], ['oracle', 3]]
        """
        import pandas as pd

        from ttc.pipeline.curve_query import CurveRequest, answer

        request = CurveRequest(
            policies=_given(policies),
            solutions=_given(solutions),
            verifications=_given(verifications),
            verifier=verifier,
        )
        return pd.DataFrame(answer(self.folder, request).rows)

    def fit(
        self,
        policies: Sequence[str] | None = None,
        *,
        verifier: str | None = None,
        unit: str | None = None,
        budgets: Sequence[float] | None = None,
        level: float = 0.95,
        draws: int = 500,
        cluster: str | None = None,
    ) -> Fit:
        """Verified selection against voting at equal compute, and how S and V should grow with it.

        As `ttc fit-scaling`, whose help explains the options; writes no file. Takes seconds to
        minutes: `draws` resamples of the problems are fitted each. Raises `DataError` for a run
        without verifications or with too few problems.

            >>> fit = ttc.load("quickstart").fit(["best_of_n"], draws=20)
            >>> sorted(fit.table.columns)[:4]
            ['at', 'cost_unit', 'estimate', 'high']
            >>> fit.as_dict()["methods"][0]["policy"]
            'best_of_n'
        """
        from ttc.pipeline.scaling import FitRequest, fit_scaling

        request = FitRequest(
            policies=_given(policies),
            verifier=verifier,
            unit=unit,
            level=level,
            draws=draws,
            seed=self.manifest.seed or 0,
            cluster=cluster,
            budgets=_given(budgets),
        )
        return Fit(fit_scaling([self.folder], request), self.folder.recipe_name)

    def figure(self, policies: Sequence[str] | None = None, unit: str = "tokens") -> Figure:
        """Success against compute, with bands and S and V at points; a matplotlib figure.

        unit: tokens, flops, usd, calls, seconds or c. `figure().savefig("x.svg")` keeps it.
        """
        from ttc.errors import UsageError
        from ttc.pipeline.curve_query import CurveRequest, answer
        from ttc.report.curve_figure import curve_figure
        from ttc.report.curves import UNITS

        if unit not in UNITS:
            raise UsageError(f"no unit {unit!r}; there are {', '.join(UNITS)}")
        rows = answer(self.folder, CurveRequest(policies=_given(policies))).rows
        return showing(curve_figure(rows, f"Success of {self.name}", unit))

    def __repr__(self) -> str:
        return f"<ttc.Run {self.name}: {self.status}>"

    def _repr_html_(self) -> str:
        from ttc.pipeline.facts import at_most, curve_rows, spent_by_role
        from ttc.report.tables import number, percent

        lines = [str(self.path), f"status: {self.status}, seed {self.manifest.seed}"]
        lines += [f"{who}: {m.backend} {m.model}" for who, m in self.manifest.models.items()]
        lines += [
            f"{role}: {used['samples']:,} samples, "
            f"{used['prompt_tokens'] + used['completion_tokens']:,.0f} tokens"
            for role, used in spent_by_role(self.manifest).items()
        ]
        rows = [
            (
                row["policy"]
                if row["verifier"] is None
                else f"{row['policy']} ({row['verifier']})",
                "-" if row["S"] is None else row["S"],
                row["V"] or "-",
                number(float("nan") if row["tokens"] is None else row["tokens"]),
                percent(row["success"]),
                f"{_percent(row['ci_low'])} to {_percent(row['ci_high'])}",
            )
            for row in at_most(curve_rows(self.folder))
        ]
        heads = ("policy", "S", "V", "tokens", "success", "95 %, new problems")
        return card(self.name, lines, *([table(heads, rows)] if rows else []))


def _percent(value: float | None) -> str:
    from ttc.report.tables import percent

    return percent(float("nan") if value is None else value)


def _given(values: Sequence[Any] | None) -> tuple[Any, ...] | None:
    """A sequence of options as requests have it; a lone text or number counts as one."""
    if values is None:
        return None
    return (values,) if isinstance(values, str | int | float) else tuple(values)


def load(run: str | PathLike[str], results: str | PathLike[str] = "results") -> Run:
    """A run that is there: by its recipe's name (the latest), its id, or its folder.

    results: the folder of all results. Raises `ttc.TtcError` that names near ones where there is
    none.

        >>> run = ttc.load("quickstart")
        >>> run.status, len(run.problems), len(run.solutions)
        ('complete', 8, 32)
        >>> len(run.solutions.groupby("problem_id", observed=True)["correct"].mean())
        8
    """
    found = find_run(str(run), Path(results))
    found.manifest()  # what is no run is told now, not at the first table
    return Run(found)


def runs(*patterns: str, results: str | PathLike[str] = "results") -> pd.DataFrame:
    """The runs that are there, the latest first: state, success, what was spent, and a column
    `recipe.KEY` for each key in which their recipes differ, as `ttc runs`.

    patterns: of recipes' names or `recipe/id`, `*` for anything. Raises `ttc.TtcError` where there
    is none.

        >>> list(ttc.runs("quick*")["state"])
        ['complete']
    """
    import pandas as pd

    from ttc.pipeline.overview import overview

    return pd.DataFrame(overview(Path(results), patterns).flat_rows())
