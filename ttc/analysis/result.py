"""What an evaluation returns: success probabilities on a grid of policies and budgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ttc.analysis.errors import GridError
from ttc.analysis.estimate import METHOD_NAMES, CodeArray, FloatArray, IntArray, Method
from ttc.analysis.settings import EstimatorSettings

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class GridResult:
    """Success probability of every policy at every (S, V), problem by problem.

    Axes are (problem, policy, S, V). `success`: float64, NaN where unavailable;
    `standard_error`: of the Monte Carlo average given the pool, 0 where exact; `method`: int8 codes
    of `Method` (0 unavailable, 1 exact, 2 monte_carlo). `policies`: names; `S`, `V`: ascending.
    Policies that read no verification are filled at V = 0 only, the others at V >= 1 only, so that
    every cell's cost is S (1 + lambda V). `problem_ids` may be empty. `solution_tokens`,
    `verification_tokens`: (problem,) mean tokens of one solution and of one verification.
    used_s, used_v: as `success`, mean solutions used and verifications of each, which are S and V
    but for policies that stop; paths: by a policy's place, (problem, S, V, draws) solutions used in
    each random order. abstained: as `success`, share of draws of which nothing was chosen, NaN
    where nobody counted.
    """

    success: FloatArray
    standard_error: FloatArray
    method: CodeArray
    policies: tuple[str, ...]
    S: IntArray
    V: IntArray
    solution_tokens: FloatArray
    verification_tokens: FloatArray
    problem_ids: tuple[str, ...]
    settings: EstimatorSettings
    used_s: FloatArray
    used_v: FloatArray
    paths: Mapping[int, FloatArray]
    abstained: FloatArray | None = None

    def mean(self) -> tuple[FloatArray, FloatArray]:
        """Mean over problems and its Monte Carlo error, (policy, S, V) each.

        NaN unless every problem has the cell, so that means of different cells are means over the
        same problems. The error does not contain the spread between problems.
        """
        error = np.sqrt(np.sum(self.standard_error**2, axis=0)) / len(self.success)
        return self.success.mean(axis=0), error

    def index(self, policy: str) -> int:
        """Position of a policy on axis 1."""
        if policy not in self.policies:
            raise GridError(
                f"Policy {policy!r} was not evaluated; {', '.join(self.policies)} were."
            )
        return self.policies.index(policy)

    def to_frame(self) -> pd.DataFrame:
        """Tidy table, one available cell a row.

        Columns: problem (id, or index), policy, S, V, success, standard_error, method (exact or
        monte_carlo).
        """
        import pandas as pd

        problem, policy, s, v = np.nonzero(self.method != Method.UNAVAILABLE)
        chosen = (problem, policy, s, v)
        policies = pd.CategoricalDtype(list(self.policies))
        methods = pd.CategoricalDtype(list(METHOD_NAMES))
        names = np.asarray(self.problem_ids, dtype=object)
        return pd.DataFrame(
            {
                "problem": names[problem] if self.problem_ids else problem,
                "policy": pd.Categorical.from_codes(policy, dtype=policies),
                "S": self.S[s],
                "V": self.V[v],
                "success": self.success[chosen],
                "standard_error": self.standard_error[chosen],
                "method": pd.Categorical.from_codes(self.method[chosen], dtype=methods),
            }
        )
