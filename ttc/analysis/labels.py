"""Answer classes that are right or wrong as a whole, whatever labels the solutions came with.

A vote wins with a class of equal answers, so whether it is right has to be a property of the class.
Labels that came with data judge solutions: of code or proofs two equal answers may be judged
differently, and a solution without a readable answer may be right.
"""

from __future__ import annotations

import numpy as np

from ttc.analysis.estimate import BoolArray, IntArray


def impure(answer_class: IntArray, correct: BoolArray) -> BoolArray:
    """(problems,) whether some class, or none (-1), holds solutions of both labels.

    answer_class, correct: (problems, N), -2 padding. A right solution without an answer (-1) counts
    as such a case: no vote could ever be right by it.
    """
    rows, width = len(answer_class), int(answer_class.max(initial=-1)) + 1
    cell = np.arange(rows)[:, None] * width + answer_class
    counted = answer_class >= 0
    right, wrong = (
        np.bincount(cell[counted & of], minlength=rows * width).reshape(rows, width) > 0
        for of in (correct, ~correct)
    )
    return np.asarray((right & wrong).any(axis=1) | (correct & (answer_class == -1)).any(axis=1))


def split_by_label(answer_class: IntArray, correct: BoolArray) -> tuple[IntArray, int]:
    """Classes none of which holds solutions of both labels, and how many problems needed that.

    answer_class, correct: (problems, N), -1 no answer, -2 padding. Wrong solutions of a class that
    holds right ones become a class of their own. Where a solution without an answer is right, all
    without one, which nobody can compare, become classes of one each: if only the right ones voted,
    their label would. New classes have new numbers, those of others stay.
    """
    needed = np.flatnonzero(impure(answer_class, correct))
    out = answer_class.copy()
    for i in needed:
        out[i] = _split(answer_class[i], correct[i])
    return out, len(needed)


def _split(classes: IntArray, correct: BoolArray) -> IntArray:
    out, new = classes.copy(), int(classes.max(initial=-1)) + 1
    for mixed in np.unique(classes[correct & (classes >= 0)]):
        wrong = (classes == mixed) & ~correct
        if wrong.any():
            out[wrong] = new
            new += 1
    alone = np.flatnonzero(classes == -1)
    if correct[alone].any():
        out[alone] = new + np.arange(len(alone))
    return out
