"""How good judges are, from their agreement alone: no labels needed where they err independently.

Judge i says yes (1) or no (0) on items of which a share p is right, with sensitivity P(yes | right)
and specificity P(no | wrong), independently of the others given what is true. Then

- the covariance of two judges is b_i b_j p (1 - p), with b = sensitivity + specificity - 1, so of
  three judges b_i^2 p (1 - p) = C_ij C_ik / C_jk: triplet moments (as in arXiv 2002.11955);
- expectation-maximisation from there finds all of it (Dawid and Skene 1979);
- log P(right | votes) / P(wrong | votes) is linear in the votes.

Weaver (arXiv 2506.18203) weighs verifiers so. Judges that err together look better than they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ttc.analysis.errors import PoolError
from ttc.analysis.estimate import BoolArray, FloatArray

FEWEST_JUDGES = 3
_ROUNDS = 2_000
_STEADY = 1e-10


@dataclass(frozen=True)
class Judges:
    """prior: share of right items; sensitivity, specificity: (m,) by judge; posterior: (n,)
    probability that each item is right.
    """

    prior: float
    sensitivity: FloatArray
    specificity: FloatArray
    posterior: FloatArray

    def linear(self) -> tuple[FloatArray, float]:
        """(m,) weights and an intercept: log-odds of right = intercept + sum of weight * vote."""
        return log_odds(self.prior, self.sensitivity, self.specificity)


def log_odds(
    prior: float, sensitivity: FloatArray, specificity: FloatArray
) -> tuple[FloatArray, float]:
    """Weights and intercept of naive Bayes over votes of 1 (yes) and 0 (no).

    A yes adds log(sens / (1 - spec)), a no log((1 - sens) / spec); the weight is their difference.
    """
    yes = np.log(sensitivity / (1 - specificity))
    no = np.log((1 - sensitivity) / specificity)
    return yes - no, float(np.log(prior / (1 - prior)) + no.sum())


def triplet_strengths(votes: FloatArray) -> FloatArray:
    """(m,) strength b_i sqrt(p (1 - p)) of each judge by the median over its triplets.

    votes: (n, m) of 0 and 1, NaN where a judge said nothing. 0 for a judge that goes with nobody;
    the majority is taken to be better than chance. Raises `PoolError` for fewer than three judges.
    """
    m = votes.shape[1]
    if m < FEWEST_JUDGES:
        raise PoolError(
            f"the agreement of {m} judges can't tell which of them errs; it takes "
            f"{FEWEST_JUDGES}, or labels"
        )
    pairs = pairwise_covariance(votes)
    found = np.zeros(m)
    for i in range(m):
        squares = [
            pairs[i, j] * pairs[i, k] / pairs[j, k]
            for j, k in combinations([one for one in range(m) if one != i], 2)
            if abs(pairs[j, k]) > 1e-9
        ]
        found[i] = np.sqrt(max(float(np.median(squares)), 0.0)) if squares else 0.0
        with_others = pairs[i].sum() - pairs[i, i]
        found[i] *= np.sign(with_others)
    return found


def pairwise_covariance(votes: FloatArray) -> FloatArray:
    """(m, m) covariances over the items that both judged; 0 where there are fewer than two."""
    m = votes.shape[1]
    found = np.zeros((m, m))
    for i in range(m):
        for j in range(m):
            both = ~np.isnan(votes[:, i]) & ~np.isnan(votes[:, j])
            if both.sum() >= 2:
                left, right = votes[both, i], votes[both, j]
                found[i, j] = np.mean(left * right) - left.mean() * right.mean()
    return found


def dawid_skene(votes: FloatArray) -> Judges:
    """Prior, sensitivities and specificities of greatest likelihood, from triplet moments on.

    votes: (n, m) of 0 and 1, NaN where a judge said nothing. Each rate is estimated with one item
    of either kind added, so that none is 0 or 1. Raises `PoolError` as `triplet_strengths` does.
    """
    strength = triplet_strengths(votes)
    there = ~np.isnan(votes)
    filled = np.where(there, votes, 0.0)
    centred = np.where(there, votes - _column_means(filled, there), 0.0)
    lean = centred @ (strength if strength.any() else np.ones(votes.shape[1]))
    posterior = np.where(lean > 0, 0.8, 0.2)
    for _ in range(_ROUNDS):
        prior, sensitivity, specificity = _rates(filled, there, posterior)
        log_right = np.log(prior) + _log_likelihood(filled, there, sensitivity)
        log_wrong = np.log1p(-prior) + _log_likelihood(filled, there, 1 - specificity)
        new = 1 / (1 + np.exp(np.clip(log_wrong - log_right, -700, 700)))
        change = float(np.abs(new - posterior).max(initial=0.0))
        posterior = new
        if change < _STEADY:
            break
    return Judges(prior, sensitivity, specificity, posterior)


def _column_means(filled: FloatArray, there: BoolArray) -> FloatArray:
    mean: FloatArray = filled.sum(axis=0) / np.maximum(there.sum(axis=0), 1)
    return mean


def _rates(
    filled: FloatArray, there: BoolArray, posterior: FloatArray
) -> tuple[float, FloatArray, FloatArray]:
    right, wrong = posterior @ there, (1 - posterior) @ there
    sensitivity = (posterior @ filled + 1) / (right + 2)
    specificity = 1 - ((1 - posterior) @ filled + 1) / (wrong + 2)
    return float((posterior.sum() + 1) / (len(posterior) + 2)), sensitivity, specificity


def _log_likelihood(filled: FloatArray, there: BoolArray, yes: FloatArray) -> FloatArray:
    """(n,) of the votes where P(yes) is `yes` by judge."""
    each = np.where(filled > 0, np.log(yes), np.log1p(-yes))
    total: FloatArray = np.where(there, each, 0.0).sum(axis=1)
    return total
