"""Imported pools of known judgements, for tests of what is said of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ttc.answers import AnswerRule
from ttc.importing import import_pool
from ttc.store.run_folder import RunFolder

RULE = AnswerRule(equivalence="string")


def solution(answer: str, *scores: float | None, verifier: str = "judge", **more: Any) -> dict:
    """A solution with one verification for each score; None: an unreadable verdict."""
    told = [
        {"verifier": verifier, **({"text": "?"} if s is None else {"score": s})} for s in scores
    ]
    return {"answer": answer, "tokens": 10, **more, "verifications": told}


def problem(name: str, *solutions: dict, **more: Any) -> dict:
    """A problem whose right answer is 1."""
    return {
        "problem_id": name,
        "question": f"{name}?",
        "answer": "1",
        "solutions": list(solutions),
        **more,
    }


def pool(folder: Path, rows: Sequence[dict], name: str = "mine") -> RunFolder:
    """The pool as an imported run."""
    source = folder / f"{name}.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return import_pool(source, folder / "results" / name, answers=RULE)
