"""What was sampled for a problem, as rows of a run's tables."""

from __future__ import annotations

from typing import Any

import numpy as np

from ttc.pipeline.collect import Attempted
from ttc.store.rows import answer_row, problem_row, sample_row, solution_row, verification_row


def attempt_rows(attempt: Attempted, index: int) -> dict[str, list[dict[str, Any]]]:
    """By table; index: the problem's place in the run."""
    classes, correct = attempt.classes, attempt.classes.correct
    voters = np.array([s.returned for s in attempt.solutions], dtype=np.bool_)
    return {
        "problems": [
            problem_row(
                attempt.problem,
                index,
                gold_class=classes.gold,
                n_solutions=int(voters.sum()),
                n_verifications=len(attempt.verifications),
                n_classes=len(set(classes.index[voters].tolist()) - {-1}),
            )
        ],
        "solutions": [
            solution_row(
                s,
                answer_class=int(classes.index[i]),
                correct=bool(correct[i]),
                gold_score=classes.score(i),
            )
            for i, s in enumerate(attempt.solutions)
        ],
        "verifications": [verification_row(v) for v in attempt.verifications],
        "samples": [sample_row(s) for s in attempt.trace],
        "answers": [
            answer_row(
                a,
                answer_class=int(classes.index[a.solution_index]),
                correct=bool(correct[a.solution_index]),
            )
            for a in attempt.answers
        ],
    }
