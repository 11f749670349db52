"""Success of policies that read verifications by enumeration of every draw."""

from itertools import combinations, product

import numpy as np
import pytest

RULES = {"dropped": None, "zero": 0.0, "half": 0.5}


def mean_score(verdicts, rule):
    filled = [RULES[rule] if np.isnan(v) else v for v in verdicts]
    kept = [v for v in filled if v is not None]
    return sum(kept) / len(kept) if kept else 0.0


def choose_best(solutions, alpha):
    best = max(score for _, score, _ in solutions)
    tied = [cls for cls, score, _ in solutions if score == best]
    return tied.count(0) / len(tied)


def choose_class(merit):
    """merit: of a class's scores, its verdicts, and those of all solutions drawn."""

    def choose(solutions, alpha):
        judged = sum(n for *_, n in solutions)
        groups = {c: [(x, n) for k, x, n in solutions if k == c] for c, *_ in solutions if c >= 0}
        merits = {
            c: merit([x for x, _ in g], sum(n for _, n in g), judged, alpha)
            for c, g in groups.items()
        }
        tied = [c for c, m in merits.items() if m >= max(merits.values()) - 1e-12]
        return (0 in tied) / max(len(tied), 1)

    return choose


RULE_OF = {
    "best_of_n": choose_best,
    "weighted_majority": choose_class(lambda scores, own, judged, alpha: sum(scores)),
    "pessimistic": choose_class(
        lambda scores, own, judged, alpha: (
            sum(scores) / len(scores) - alpha * np.log(judged) / (own + 1)
        )
    ),
}


def by_enumeration(policy, classes, verdicts, s, v, setting, alpha=0.5):
    """Mean over all S-subsets and, for each, all V-subsets of every member's verdicts."""
    outcomes = []
    for cls, row in zip(classes, verdicts, strict=True):
        size = min(v, len(row))
        draws = (
            [row[:size]] if setting.verification_draws == "first" else list(combinations(row, size))
        )
        rule = setting.invalid_verdict
        outcomes.append([(cls, mean_score(d, rule) if cls >= 0 else 0.0, size) for d in draws])
    values = []
    for subset in combinations(range(len(classes)), s):
        picks = list(product(*(outcomes[i] for i in subset)))
        shares = [RULE_OF[policy](list(pick), alpha) for pick in picks]
        values.append(sum(shares) / len(shares))
    return sum(values) / len(values)


@pytest.fixture(scope="session", name="by_enumeration")
def _by_enumeration():
    """(policy, classes, verdicts, s, v, settings[, alpha]) -> probability that class 0 wins."""
    return by_enumeration
