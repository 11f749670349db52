"""One problem of a run as plain data: behind `ttc show RUN --problem ID --json`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ttc.policies import of_recipe, usual
from ttc.report.judged import Judged, choices, votes
from ttc.report.problem import find_problem, read_judged
from ttc.report.tree import Node, tree_nodes
from ttc.store.pool import verifiers
from ttc.store.run_folder import RunFolder


def plain_problem(run: RunFolder, problem_id: str) -> dict[str, Any]:
    """Question, votes, what each policy chooses, and every solution with its verdicts.

    Raises `DataError` that names near ids where there is no such problem.
    """
    problem, gold_class = find_problem(run, problem_id)
    found = read_judged(run, problem_id)
    voters = [one for one in found if one.solution.returned]
    names = list(dict.fromkeys(name for one in found for name in one.by_verifier))
    return {
        "run": run.name,
        "problem_id": problem.id,
        "question": problem.question,
        "choices": list(problem.choices),
        "gold_answer": problem.answer,
        "votes": [
            {
                "answer": one.answer,
                "votes": len(one.members),
                "correct": one.correct,
                "scores": {
                    name: {"mean": mean, "sum": total} for name, (mean, total) in one.scores.items()
                },
            }
            for one in votes(voters, names)
        ],
        "chosen": list(_chosen(run, voters)) if voters else [],
        "solutions": [_solution(one, gold_class) for one in found],
    }


def _chosen(run: RunFolder, voters: list[Judged]) -> Iterator[dict[str, Any]]:
    answers = {one.vote: one.solution.answer for one in reversed(voters)}
    manifest = run.manifest()
    policies = of_recipe(manifest.recipe, manifest.code) or usual()
    for one in choices(policies, verifiers(run), voters):
        yield {
            "policy": one.policy,
            "verifier": one.verifier or None,
            "answer": answers.get(one.chosen),
            "correct": one.correct,
            "stopped_after": one.used,
        }


def _solution(one: Judged, gold_class: int) -> dict[str, Any]:
    solution = one.solution
    return {
        "solution_index": solution.index,
        "answer": solution.answer if one.answer_class >= 0 else None,
        "correct": one.correct,
        "label": one.label,
        "label_disagrees": one.contradicts(gold_class),
        "returned": solution.returned,
        "finish_reason": solution.finish_reason,
        "completion_tokens": solution.completion_tokens,
        "text": solution.text,
        "verdicts": [
            {
                "verifier": verdict.verifier,
                "verdict": verdict.verdict,
                "score": verdict.score,
                "step_scores": list(verdict.step_scores),
                "text": verdict.text,
            }
            for verdict in one.verdicts
        ],
    }


def plain_tree(run: RunFolder, problem_id: str, repeat: int) -> dict[str, Any]:
    """The samples of an attempt, each with those that go on from it.

    Raises `DataError` where there is no such problem or attempt, or nothing recorded of it.
    """
    problem, _ = find_problem(run, problem_id)
    nodes, beside = tree_nodes(run, problem_id, repeat)
    return {
        "run": run.name,
        "problem_id": problem.id,
        "question": problem.question,
        "gold_answer": problem.answer,
        "repeat": repeat,
        "judgements_beside": dict(beside),
        "samples": [_sample(node) for node in nodes.values()],
    }


def _sample(node: Node) -> dict[str, Any]:
    row = node.row
    told = ("number", "after", "role", "branch", "completion_tokens", "finish_reason", "fate")
    return {name: row[name] for name in told} | {
        "text": node.text,
        "scores": list(node.scores),
        "outcome": node.said.removeprefix(" -> ") or None,
    }
