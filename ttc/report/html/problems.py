"""What a page tells of one problem: its row in the table of problems, its facts and its texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

import numpy as np

from ttc.analysis.leaders import flips, leaders
from ttc.core import Solution, Verification
from ttc.policies import PolicyPart
from ttc.report.html.pack import known, shown, shown_all, shown_line
from ttc.report.html.rows import ProblemRows
from ttc.report.html.trees import TreeData, trees
from ttc.report.judged import Judged, choices, votes
from ttc.steps import split_steps

_LETTERS = {True: "Y", False: "N", None: "?"}
_SPLITS = ("blank_line", "line")
_ENDED = ("stop", "imported")


class ByVerifier(TypedDict):
    """Verdicts of one verifier on one solution, a list of as many each; lists that tell nothing
    are left out. said: a letter for each of Y, N and ?; wrong: places of those that are wrong.
    """

    said: str
    score: list[float | None]
    wrong: list[int]
    p: NotRequired[list[float | None]]
    raw: NotRequired[list[float | None]]
    steps: NotRequired[list[list[float | None]]]
    bad: NotRequired[list[int | None]]
    against: NotRequired[list[int | None]]
    of: NotRequired[list[int | None]]
    ended: NotRequired[list[str]]


class SolutionData(TypedDict):
    """vote: the class that it votes for, -1 for none; label: what the data said of it."""

    i: int
    vote: int
    answer: str | None
    right: bool
    tokens: int
    by: dict[str, ByVerifier]
    label: NotRequired[bool]
    unreturned: NotRequired[bool]
    ended: NotRequired[str]
    logprob: NotRequired[float | None]
    repeat: NotRequired[int]
    gold_bad: NotRequired[int]


class ProblemData(TypedDict):
    """What a page shows of a problem beside its texts."""

    id: str
    question: str
    choices: list[str]
    gold: str
    level: int | None
    metadata: dict[str, str]
    votes: list[dict[str, Any]]
    chosen: list[dict[str, Any]]
    flips: list[dict[str, Any]]
    led: list[int]
    solutions: list[SolutionData]
    trees: list[TreeData]
    final: dict[int, int]


class IndexRow(TypedDict):
    """A problem's row in the table. chosen: whether each choice is right, by policy and verifier;
    turned: lost where a vote of fewer was right and that of all is not, won where the reverse.
    """

    id: str
    question: str
    level: int | None
    solutions: int
    right: int
    answers: int
    vote: bool
    flips: int
    turned: str
    verdicts: int
    wrong: int
    tokens: int
    chosen: dict[str, bool]


@dataclass(frozen=True)
class Text:
    """A text of a problem, and how early it is wanted where not all have room (0 first)."""

    key: str
    text: str
    rank: int


@dataclass(frozen=True)
class ProblemPage:
    """Everything of one problem."""

    row: IndexRow
    data: ProblemData
    texts: list[Text]


def problem_page(
    rows: ProblemRows, policies: Sequence[PolicyPart], verifiers: Sequence[str]
) -> ProblemPage:
    """policies, verifiers: whose choices are told; those that can't choose here are left out."""
    voters = [one for one in rows.solutions if one.solution.returned]
    classes = np.array([one.vote for one in voters], dtype=np.int64)
    right = {one.vote for one in voters if one.correct}
    answers = {one.vote: one.solution.answer for one in reversed(voters)}
    chosen = [
        {
            "policy": one.policy,
            "verifier": one.verifier,
            "answer": shown_line(answers[one.chosen]) if one.chosen >= 0 else None,
            "vote": one.chosen,
            "right": one.correct,
            "used": one.used,
        }
        for one in (choices(policies, verifiers, voters) if voters else ())
    ]
    said = {one.solution.answer for one in rows.solutions}
    shown_as = {answer: shown_line(answer) for answer in said}
    solutions = [solution_data(one, shown_as) for one in rows.solutions]
    problem = rows.problem
    led = leaders(classes).tolist()
    data: ProblemData = {
        "id": shown_line(problem.id),
        "question": shown(problem.question),
        "choices": [shown(text) for text in problem.choices],
        "gold": shown_line(problem.answer),
        "level": rows.level,
        "metadata": {shown_line(str(k)): shown_line(str(v)) for k, v in problem.metadata.items()},
        "votes": _votes(voters),
        "chosen": chosen,
        "flips": [
            {"after": f.after, "before": f.before, "now": f.now, "right": f.now in right}
            for f in flips(classes)
        ],
        "led": led,
        "solutions": solutions,
        "trees": trees(rows),
        "final": rows.final,
    }
    return ProblemPage(_row(rows, data, voters, right), data, _texts(rows.solutions))


def key_of(policy: str, verifier: str) -> str:
    """How a choice is called: the policy, and whose verdicts it reads."""
    return f"{policy} ({verifier})" if verifier else policy


def _row(
    rows: ProblemRows, data: ProblemData, voters: Sequence[Judged], right: set[int]
) -> IndexRow:
    led = data["led"]
    told = [by for one in data["solutions"] for by in one["by"].values()]
    return {
        "id": data["id"],
        "question": shown_line(rows.problem.question, 160),
        "level": rows.level,
        "solutions": len(voters),
        "right": sum(one.correct for one in voters),
        "answers": len({one.vote for one in voters if one.answer_class >= 0}),
        "vote": bool(led) and led[-1] in right,
        "flips": len(data["flips"]),
        "turned": turned([one in right for one in led]),
        "verdicts": sum(len(by["said"]) for by in told),
        "wrong": sum(len(by["wrong"]) for by in told),
        "tokens": sum(
            one.solution.completion_tokens + sum(v.completion_tokens for v in one.verdicts)
            for one in rows.solutions
        ),
        "chosen": {key_of(c["policy"], c["verifier"]): c["right"] for c in data["chosen"]},
    }


def turned(right: Sequence[bool]) -> str:
    """What more solutions did to the vote. right: whether that of the first k is, for each k.

    `lost`: right for some number of them and wrong for all; `won`: the reverse; else empty.
    """
    if not right or all(right) or not any(right):
        return ""
    return "won" if right[-1] else "lost"


def _votes(voters: Sequence[Judged]) -> list[dict[str, Any]]:
    names = list(dict.fromkeys(name for one in voters for name in one.by_verifier))
    return [
        {
            "vote": one.vote,
            "answer": None if one.answer is None else shown_line(one.answer),
            "count": len(one.members),
            "right": one.correct,
            "mean": {name: known(score[0]) for name, score in one.scores.items()},
            "sum": {name: known(score[1]) for name, score in one.scores.items()},
        }
        for one in votes(voters, names)
    ]


def solution_data(one: Judged, answers: Mapping[str | None, str]) -> SolutionData:
    """A solution with its verdicts, without texts. answers: as they are shown."""
    solution = one.solution
    made: SolutionData = {
        "i": solution.index,
        "vote": one.vote,
        "answer": None if one.answer_class < 0 else answers[solution.answer],
        "right": one.correct,
        "tokens": solution.completion_tokens,
        "by": {name: _by_verifier(one, own) for name, own in one.by_verifier.items()},
    }
    if one.label is not None:
        made["label"] = one.label
    if not solution.returned:
        made["unreturned"] = True
    if solution.finish_reason not in _ENDED:
        made["ended"] = solution.finish_reason
    if solution.mean_logprob is not None:
        made["logprob"] = known(solution.mean_logprob, 4)
    if solution.repeat:
        made["repeat"] = solution.repeat
    if one.gold_bad is not None:
        made["gold_bad"] = one.gold_bad
    return made


def _by_verifier(one: Judged, verdicts: Sequence[Verification]) -> ByVerifier:
    made: ByVerifier = {
        "said": "".join(_LETTERS[v.verdict] for v in verdicts),
        "score": [known(v.score, 4) for v in verdicts],
        "wrong": [i for i, v in enumerate(verdicts) if errs(v, correct=one.correct)],
    }
    if any(v.p_yes is not None for v in verdicts):
        made["p"] = [known(v.p_yes, 4) for v in verdicts]
    if any(v.raw is not None for v in verdicts):
        made["raw"] = [known(v.raw, 4) for v in verdicts]
    if any(v.step_scores for v in verdicts):
        made["steps"] = [[known(score, 3) for score in v.step_scores] for v in verdicts]
    if any(v.first_wrong_step is not None for v in verdicts):
        made["bad"] = [v.first_wrong_step for v in verdicts]
    if any(v.against is not None for v in verdicts):
        made["against"] = [v.against for v in verdicts]
    if any(v.of is not None for v in verdicts):
        made["of"] = [v.of for v in verdicts]
    if any(v.finish_reason not in _ENDED for v in verdicts):
        made["ended"] = [v.finish_reason for v in verdicts]
    return made


def errs(verdict: Verification, *, correct: bool) -> bool:
    """Whether a verdict on a solution is wrong: what it says or, where it says nothing, a score on
    the other side of one half. Judgements of judgements and comparisons say neither.
    """
    if verdict.of is not None or verdict.against is not None:
        return False
    if verdict.verdict is not None:
        return verdict.verdict != correct
    score = verdict.score
    return score is not None and score != 0.5 and (score > 0.5) != correct


def _texts(solutions: Sequence[Judged]) -> list[Text]:
    """All of them, as a page may show them."""
    found = list(_foreign(solutions))
    harmless = shown_all([one.text for one in found])
    return [Text(one.key, text, one.rank) for one, text in zip(found, harmless, strict=True)]


def _foreign(solutions: Sequence[Judged]) -> Iterator[Text]:
    """Those of the first solution of each answer first, then first and wrong verdicts on it."""
    seen: set[int] = set()
    for one in solutions:
        base = 0 if one.vote not in seen else 2
        seen.add(one.vote)
        key = str(one.solution.index)
        yield Text(key, one.solution.text, base)
        for i, step in enumerate(_steps(one)):
            yield Text(f"{key}/step/{i}", step, base)
        for name, verdicts in one.by_verifier.items():
            for i, verdict in enumerate(verdicts):
                telling = i == 0 or errs(verdict, correct=one.correct)
                if verdict.text:
                    yield Text(f"{key}/{name}/{i}", verdict.text, base + (1 if telling else 3))


def _steps(one: Judged) -> Sequence[str]:
    """The steps that scores are of, where there are scores and as many steps can be told."""
    wanted = {len(v.step_scores) for v in one.verdicts if v.step_scores}
    solution: Solution = one.solution
    splits = (solution.steps, *(split_steps(solution.text, rule) for rule in _SPLITS))
    return next((steps for steps in splits if len(steps) in wanted), ())
