"""The model card's pages about the later networks, as Markdown."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ttc.nano import formats
from ttc.nano.engine import NanoModel
from ttc.nano.prompts import Header
from ttc.nano.sampling import Sample
from ttc.nano.training import judging
from ttc.nano.training.checks import corrupted, exact_grade, meta_score
from ttc.nano.training.judging import Case
from ttc.nano.training.measure import auc, balanced, mean, share

Floats = NDArray[np.float64]
CHAINS = 4


def judge_page(model: NanoModel, cases: Sequence[Case]) -> str:
    """GenPRM, ThinkPRM, Heimdall and OPV on the same solutions."""
    rows = [
        "\n## Judge\n",
        f"On {len(cases):,} solutions of arithmetic by nano-solver, all levels. A solution's score "
        "is the lowest reward of its steps (GenPRM), P(Yes) at the decision (ThinkPRM), or the "
        "verdict. First error: share of the solutions with an error in which the first one is "
        "named; share of those without in which none is; their harmonic mean, F1, as in "
        "ProcessBench. An error is a line that doesn't follow from the one before it.\n",
        "| format | balanced accuracy | ROC AUC | first error | no error | F1 |",
        "|---|---|---|---|---|---|",
    ]
    for name, execute in (("genprm, executed", True), ("genprm, not executed", False)):
        found = judging.genprm(model, cases, execute)
        scores = np.array([min(one.rewards) for one in found])
        rows.append(_row(name, cases, scores, [one.first_wrong for one in found]))
    thoughts = judging.judge(model, "thinkprm", cases, CHAINS, logprobs=5)
    chains = np.array([[_yes(s) for s in row] or [0.5] for row in thoughts])
    first = [judging.first_incorrect(row[0]) if row else None for row in thoughts]
    rows.append(_row("thinkprm, one chain", cases, chains[:, 0], first))
    rows.append(_row(f"thinkprm, mean of {CHAINS}", cases, chains.mean(axis=1), None))
    second = judging.again(model, cases, thoughts)
    first = [judging.first_incorrect(row[0]) if row else None for row in second]
    scores = np.array([_yes(row[0]) if row else 0.5 for row in second])
    rows.append(_row("thinkprm, checked twice", cases, scores, first))
    long = judging.judge(model, "heimdall", cases, CHAINS)
    answers = np.array([[s.text.endswith("Answer: 1") for s in row] or [False] for row in long])
    rows.append(_row("heimdall, one chain", cases, answers[:, 0].astype(float), None))
    rows.append(_row(f"heimdall, mean of {CHAINS}", cases, answers.mean(axis=1), None))
    summaries, named = judging.opv(model, cases)
    rows.append(_row("opv", cases, np.array([float(x == -1) for x in named]), named))
    exact = share([s == formats.summary(c.lines) for s, c in zip(summaries, cases, strict=True)])
    rows.append(f"\nSummaries that leave out and change nothing: {exact:.3f}.")
    return "\n".join(rows)


def _yes(sample: Sample) -> float:
    return judging.probability(sample, " Yes", " No")


def _row(
    name: str, cases: Sequence[Case], scores: Floats, named: Sequence[int | None] | None
) -> str:
    right = np.array([case.right for case in cases])
    cells = [f"{balanced(scores, right):.3f}", f"{auc(scores, right):.3f}"]
    if named is None:
        cells += ["", "", ""]
    else:
        truth = np.array([case.first_wrong for case in cases])
        hit = np.array([n == case.first_wrong for n, case in zip(named, cases, strict=True)])
        wrong, clean = share(hit[truth >= 0]), share(hit[truth < 0])
        f1 = 2 * wrong * clean / max(wrong + clean, 1e-9)
        cells += [f"{x:.3f}" for x in (wrong, clean, f1)]
    return f"| {name} | " + " | ".join(cells) + " |"


def grader_page(model: NanoModel, cases: Sequence[Case], seed: int) -> str:
    """Three levels, meta-judgements, scores in one token, the better of two."""
    made = _unsound(cases, seed)
    parts = [
        "\n## Grader\n",
        f"The same {len(cases):,} solutions, and {len(made):,} gold solutions with one step made "
        "unsound and the answer kept (a sign turned, or a result slipped that the next line "
        "doesn't take up). The exact score is 1 for the gold solution, 0.5 for its answer by "
        "another way, 0 for another answer.\n",
        *_grades(model, [*cases, *made]),
        *_scores(model, cases),
        _pairs(model, cases),
    ]
    return "\n".join(parts)


def _unsound(cases: Sequence[Case], seed: int) -> list[Case]:
    problems = list(dict.fromkeys(case.problem for case in cases))
    rng = random.Random(f"unsound/{seed}")
    return [Case(p, "\n".join(corrupted(p, rng))) for p in problems for _ in range(2)]


def _grades(model: NanoModel, cases: Sequence[Case]) -> list[str]:
    """The confusion of scores, then that of judgements of these gradings."""
    gradings = [row[0].text if row else "" for row in judging.judge(model, "grade", cases)]
    said = [_level(text) for text in gradings]
    out = _confusion("score", [case.score for case in cases], said)
    judged = judging.meta(model, cases, gradings)
    truth = [_meta_truth(c, text) for c, text in zip(cases, gradings, strict=True)]
    alleging = [s is not None and s < 1 for s in said]
    chosen = [i for i, alleges in enumerate(alleging) if alleges]
    out.append(f"\nJudgements of the {len(chosen):,} gradings below 1:\n")
    out += _confusion(
        "grading is right",
        [truth[i] for i in chosen],
        [_level(judged[i][0].text) if judged[i] else None for i in chosen],
    )
    return out


def _level(text: str) -> float | None:
    tail = text.rpartition("\\boxed{")[2]
    return {"1}": 1.0, "0.5}": 0.5, "0}": 0.0}.get(tail)


def _meta_truth(case: Case, grading: str) -> float:
    """The exact score of a grading, read from its text as `checks.meta_score` takes it."""
    truth = exact_grade(case.problem, case.lines)
    lines = grading.split("\n")[:-1]
    alleged = next((i for i, line in enumerate(lines) if line.endswith(" wrong")), -1)
    return meta_score(alleged, _level(grading), truth)


def _confusion(what: str, truth: Sequence[float], said: Sequence[float | None]) -> list[str]:
    levels = (1.0, 0.5, 0.0)
    rows = [
        f"| exact {what} | cases | says 1 | says 0.5 | says 0 | neither |",
        "|---|---|---|---|---|---|",
    ]
    right = []
    for level in levels:
        of = [s for t, s in zip(truth, said, strict=True) if t == level]
        shares = [share([s == x for s in of]) for x in (*levels, None)]
        right.append(shares[levels.index(level)])
        rows.append(f"| {level:g} | {len(of):,} | " + " | ".join(f"{x:.2f}" for x in shares) + " |")
    hit = share([t == s for t, s in zip(truth, said, strict=True)])
    recall = f"mean of the rows' shares that are right {mean(np.array(right)):.3f}"
    return [*rows, f"\nAccuracy {hit:.3f}; {recall}, where guessing has 0.333."]


_SCORES: tuple[Header, ...] = ("score-steps", "score-answer", "score-10")


def _scores(model: NanoModel, cases: Sequence[Case]) -> list[str]:
    right = np.array([case.right for case in cases])
    rows = [
        "\nIn one token: the expectation over the scores' probabilities, or P(Yes).\n",
        "| header | ROC AUC of the answer | mean if right | mean if wrong |",
        "|---|---|---|---|",
    ]
    found: dict[str, Floats] = {}
    for header in _SCORES:
        found[header] = _first_token(model, header, cases, judging.expectation)
    found["direct"] = _first_token(model, "direct", cases, _yes)
    for name, scores in found.items():
        means = mean(scores[right]), mean(scores[~right])
        rows.append(f"| {name} | {auc(scores, right):.3f} | {means[0]:.2f} | {means[1]:.2f} |")
    accuracy = balanced(found["direct"], right)
    return [*rows, f"\nBalanced accuracy of direct at one half: {accuracy:.3f}."]


def _first_token(
    model: NanoModel, header: Header, cases: Sequence[Case], read: Callable[[Sample], float]
) -> Floats:
    said = judging.judge(model, header, cases, logprobs=16)
    return np.array([read(row[0]) if row else 0.0 for row in said])


def _pairs(model: NanoModel, cases: Sequence[Case]) -> str:
    """Neighbours in the list are solutions of one problem."""
    pairs = [(a, b) for a, b in pairwise(cases) if a.problem == b.problem]
    there = np.array(judging.prefer_a(model, pairs))
    back = np.array(judging.prefer_a(model, [(b, a) for a, b in pairs]))
    a, b = (np.array([pair[i].right for pair in pairs]) for i in (0, 1))
    differ = a != b
    hits = np.concatenate([(there > 0.5)[differ] == a[differ], (back > 0.5)[differ] == b[differ]])
    both = ((there + 1 - back) / 2 > 0.5)[differ] == a[differ]
    bias = mean(np.concatenate([there[~differ], back[~differ]]))
    return (
        f"\nPairs: {len(pairs):,}, of which {differ.sum():,} hold one right answer. It is "
        f"preferred in {share(hits):.3f} of these in one order, in {share(both):.3f} by the mean "
        f"of both orders. Where both are right or both wrong, P(A) is {bias:.3f} on average."
    )
