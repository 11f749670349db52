"""Served questions as a run folder, which `ttc show`, `ttc report` and pandas open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ttc.answering.desk import Answer, Desk
from ttc.budget.cost import Unit
from ttc.budget.counters import Spent
from ttc.errors import TtcError, UsageError
from ttc.pipeline.attempt_rows import attempt_rows
from ttc.store.columns import TableName
from ttc.store.manifest import Manifest
from ttc.store.run_folder import RunFolder
from ttc.store.tables import TableWriter, open_table
from ttc.terminal import say

if TYPE_CHECKING:
    from ttc.recipe import Recipe

Rows = dict[str, list[dict[str, Any]]]


class Record:
    """Tables that grow with each answer; `recording` opens and closes them."""

    def __init__(
        self, desk: Desk, manifest: Manifest, tables: Mapping[TableName, TableWriter]
    ) -> None:
        self._desk, self._manifest, self._tables = desk, manifest, tables
        self._asked: Counter[str] = Counter()
        self._spent: dict[str, Spent] = {}
        self.answers = 0

    def rows(self, answer: Answer) -> Rows:
        """An answer as rows; where the question is one of the recipe's, judged by its gold answer.

        For any thread: to judge takes time.
        """
        gold = self._desk.gold(answer.problem)
        attempted = answer.attempted
        if gold is not None:
            rule = self._desk.variants.recipe.answer_rule
            classes = rule.classify([one.answer for one in attempted.solutions], gold)
            attempted = replace(attempted, classes=classes)
        problem = replace(answer.problem, answer=gold or "", metadata=_told(answer))
        return attempt_rows(replace(attempted, problem=problem), 0)

    def write(self, rows: Rows, answer: Answer) -> None:
        """Add rows. A question that was asked before becomes a problem of its own, `ID~2`."""
        name = answer.problem.id
        self._asked[name] += 1
        name = name if self._asked[name] == 1 else f"{name}~{self._asked[name]}"
        for table, writer in self._tables.items():
            more = {"problem_index": self.answers} if table == "problems" else {}
            writer.write([{**row, "problem_id": name, **more} for row in rows[table]])
        self.answers += 1
        for one in answer.attempted.trace:
            amounts: dict[Unit, float] = {
                "tokens": float(one.prompt_tokens - one.cached_tokens + one.sampled),
                "flops": one.flops or 0.0,
                "usd": one.usd or 0.0,
                "calls": 1.0,
            }
            spent = self._spent.setdefault(one.role, Spent())
            spent.use(amounts, one.prompt_tokens - one.cached_tokens, one.completion_tokens, 1)

    def end(self) -> None:
        """Complete the manifest."""
        manifest = self._manifest
        # What of it was sampled now, and what others had been answered with before, nobody knows.
        roles = {
            role: {k: n for k, n in spent.as_dict(spent).items() if not k.startswith("paid_")}
            for role, spent in self._spent.items()
        }
        manifest.ledger = {"rounds": 1, "exhausted_problems": 0, "roles": roles}
        manifest.status, manifest.ended = "complete", datetime.now(UTC)
        manifest.note = "questions that ttc serve answered"


def _told(answer: Answer) -> dict[str, Any]:
    """The problem's metadata, and how it was asked."""
    chosen = answer.chosen.solution
    served = {
        "model": answer.question.model,
        "policy": answer.variant.chooser.name,
        "seed": answer.seed,
        "answer": None if chosen is None else chosen.answer,
        "solution": None if chosen is None else chosen.index,
    }
    return {**answer.problem.metadata, "served": served}


@contextmanager
def recording(path: Path, recipe: Recipe, desk: Desk) -> Iterator[Record]:
    """Record the block's answers in a new folder, which is a run when the block has ended.

    Raises `UsageError` where there is something already, `DataError` where it can't be written.
    """
    run = RunFolder(path.resolve())
    manifest = manifest_of(desk.manifest, recipe, run)
    with ExitStack() as opened:
        tables = {
            name: opened.enter_context(open_table(run.table(name), name))
            for name in _tables(recipe)
        }
        record = Record(desk, manifest, tables)
        yield record
    record.end()
    manifest.tables = run.digests()
    manifest.write(run.manifest_path)
    say(f"{record.answers} questions are recorded in {path}", error=True)


def check_free(path: Path) -> None:
    """Raise `UsageError` where a folder holds anything."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise UsageError(f"--record {path}: there is something already; name a new folder")


def manifest_of(known: Manifest, recipe: Recipe, run: RunFolder) -> Manifest:
    """Of the folder, with what is known of the models."""
    from ttc.recipe import resolve
    from ttc.store.manifest import hash_recipe

    data = resolve(recipe)
    return known.model_copy(
        update={"recipe": data, "recipe_hash": hash_recipe(data), "run_id": run.run_id}
    )


def _tables(recipe: Recipe) -> list[TableName]:
    found: list[TableName] = ["problems", "solutions", "samples"]
    if any(part.kind == "verifier" for _, part, _ in recipe.methods()):
        found.append("verifications")
    if not recipe.sampler.exchangeable:
        found.append("answers")
    return found


def added(record: Record, rows: Rows, answer: Answer) -> None:
    """Write, and only say so where that can't be done: the answer is there all the same."""
    try:
        record.write(rows, answer)
    except (TtcError, OSError) as error:
        say(f"Warning: a question is not recorded: {error}", error=True)
