"""Problems, solutions and verifications as table rows, and back."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ttc.core import AnswerTrace, Problem, SampleTrace, Solution, Verification
from ttc.store.columns import TableName, column_names
from ttc.store.tables import read_table, scan_rows

Row = dict[str, Any]


def problem_row(
    problem: Problem,
    index: int,
    *,
    gold_class: int,
    n_solutions: int,
    n_verifications: int,
    n_classes: int,
) -> Row:
    """A row of `problems`. The metadata's `level` becomes a column where it holds a number."""
    return {
        "problem_id": problem.id,
        "problem_index": index,
        "question": problem.question,
        "choices": list(problem.choices),
        "gold_answer": problem.answer,
        "gold_class": gold_class,
        "n_solutions": n_solutions,
        "n_verifications": n_verifications,
        "n_classes": n_classes,
        "level": _level(problem.metadata),
        "metadata": json.dumps(dict(problem.metadata), ensure_ascii=False, default=str),
    }


def solution_row(
    solution: Solution,
    *,
    answer_class: int,
    correct: bool,
    imported_correct: bool | None = None,
    gold_first_wrong_step: int | None = None,
    gold_score: float | None = None,
) -> Row:
    """A row of `solutions`; `answer_class` is -1 for an invalid answer."""
    return {
        "problem_id": solution.problem_id,
        "solution_index": solution.index,
        "answer": solution.answer,
        "answer_class": answer_class,
        "correct": correct,
        "imported_correct": imported_correct,
        "prompt_tokens": solution.prompt_tokens,
        "completion_tokens": solution.completion_tokens,
        "finish_reason": solution.finish_reason,
        "mean_logprob": solution.mean_logprob,
        "seconds": solution.seconds,
        "steps": list(solution.steps),
        "text": solution.text,
        "repeat": solution.repeat,
        "first_sample": solution.first_sample,
        "last_sample": solution.last_sample,
        "returned": solution.returned,
        "gold_first_wrong_step": gold_first_wrong_step,
        "gold_score": gold_score,
    }


def verification_row(verification: Verification) -> Row:
    """A row of `verifications`."""
    return {
        "problem_id": verification.problem_id,
        "solution_index": verification.solution_index,
        "verification_index": verification.index,
        "verifier": verification.verifier,
        "verdict": verification.verdict,
        "p_yes": verification.p_yes,
        "score": verification.score,
        "prompt_tokens": verification.prompt_tokens,
        "completion_tokens": verification.completion_tokens,
        "finish_reason": verification.finish_reason,
        "step_scores": list(verification.step_scores),
        "seconds": verification.seconds,
        "text": verification.text,
        "first_wrong_step": verification.first_wrong_step,
        "of": verification.of,
        "against": verification.against,
        "raw_score": verification.raw,
    }


def sample_row(sample: SampleTrace) -> Row:
    """A row of `samples`."""
    return {name: getattr(sample, name) for name in column_names("samples")}


def answer_row(answer: AnswerTrace, *, answer_class: int, correct: bool) -> Row:
    """A row of `answers`."""
    spent = answer.spent
    return {
        "problem_id": answer.problem_id,
        "repeat": answer.repeat,
        "branch": answer.branch,
        "number": answer.number,
        "solution_index": answer.solution_index,
        "answer_class": answer_class,
        "correct": correct,
        "final": answer.final,
        "prompt_tokens": spent.prompt_tokens,
        "completion_tokens": spent.completion_tokens,
        "flops": _if_known(spent.amounts.get("flops")),
        "usd": _if_known(spent.amounts.get("usd")),
        "calls": spent.amounts.get("calls", 0.0),
        "seconds": spent.seconds,
        "latency": spent.latency,
    }


def _if_known(amount: float | None) -> float | None:
    return None if amount is None or math.isnan(amount) else amount


def to_problem(row: Mapping[str, Any]) -> Problem:
    """The problem of a row of `problems`."""
    return Problem(
        id=row["problem_id"],
        question=row["question"],
        answer=row["gold_answer"],
        choices=tuple(row["choices"]),
        metadata=json.loads(row["metadata"]),
    )


def to_solution(row: Mapping[str, Any]) -> Solution:
    """The solution of a row of `solutions`."""
    same = ("problem_id", "text", "answer", "prompt_tokens", "completion_tokens")
    return Solution(
        index=row["solution_index"],
        finish_reason=row["finish_reason"],
        mean_logprob=row["mean_logprob"],
        steps=tuple(row["steps"]),
        repeat=row.get("repeat") or 0,
        first_sample=row.get("first_sample"),
        last_sample=row.get("last_sample"),
        returned=row.get("returned") is not False,
        seconds=row["seconds"],
        **{name: row[name] for name in same},
    )


def to_verification(row: Mapping[str, Any]) -> Verification:
    """The verification of a row of `verifications`."""
    same = ("problem_id", "solution_index", "verifier", "text", "verdict", "p_yes", "score")
    return Verification(
        index=row["verification_index"],
        prompt_tokens=row["prompt_tokens"],
        completion_tokens=row["completion_tokens"],
        finish_reason=row["finish_reason"],
        step_scores=tuple(row["step_scores"]),
        first_wrong_step=row.get("first_wrong_step"),
        of=row.get("of"),
        against=row.get("against"),
        raw=row.get("raw_score"),
        seconds=row["seconds"],
        **{name: row[name] for name in same},
    )


def read_problems(path: Path) -> list[Problem]:
    """All problems of a table, in the run's order."""
    rows = sorted(scan_rows(path, "problems"), key=lambda row: int(row["problem_index"]))
    return [to_problem(row) for row in rows]


def read_solutions(path: Path, problem_id: str | None = None) -> Iterator[Solution]:
    """Solutions of one problem or, streamed, of all."""
    return (to_solution(row) for row in _rows(path, "solutions", problem_id))


def read_verifications(path: Path, problem_id: str | None = None) -> Iterator[Verification]:
    """Verifications of one problem or, streamed, of all."""
    return (to_verification(row) for row in _rows(path, "verifications", problem_id))


def _rows(path: Path, table: TableName, problem_id: str | None) -> Iterator[Row]:
    if problem_id is None:
        return scan_rows(path, table)
    return iter(read_table(path, table, problem_id=problem_id).to_pylist())


def _level(metadata: Mapping[str, Any]) -> int | None:
    """The number in `level`: 3 from 3 or "Level 3", None from "hard" or nothing."""
    found = re.fullmatch(r"(?:level\s*)?(\d{1,4})", str(metadata.get("level", "")).strip(), re.I)
    return int(found[1]) if found else None
