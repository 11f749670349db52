"""Raw problems and judgements to the tables of a run, streamed."""

from __future__ import annotations

import hashlib
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ttc.analysis.labels import split_by_label
from ttc.answers import AnswerRule
from ttc.answers.unjudged import unjudged
from ttc.core import Problem, Solution
from ttc.errors import DataError
from ttc.importing.judging import Judging, answers_of, gold_of, labelled
from ttc.importing.records import Raw, RawProblem, RawSolution
from ttc.importing.tally import Tally, prompt_tokens
from ttc.importing.verifying import IMPORTED, VerificationSink
from ttc.store.rows import Row, problem_row, solution_row
from ttc.store.run_folder import RunFolder
from ttc.store.tables import open_table, write_table

if TYPE_CHECKING:
    from ttc.answers.classes import AnswerClasses


@dataclass(frozen=True)
class _Seen:
    """What is remembered of a problem: its row, and which solutions it has."""

    problem: Problem
    row: Row
    order: int
    place: str
    indices: range | frozenset[int]


class Collector:
    """Takes raw records in any order and writes their tables; `finish` writes the problems.

    Remembers a row per problem, and no solution's text. `stack` closes the tables.
    """

    def __init__(
        self, run: RunFolder, rule: AnswerRule, options: Judging, stack: ExitStack
    ) -> None:
        self.tally = Tally()
        self.verifications = VerificationSink(run, options, self.tally, stack)
        self._run = run
        self._rule = rule
        self._trust = options.labels == "trust"
        self._solutions = stack.enter_context(open_table(run.solutions, "solutions"))
        self._seen: dict[str, _Seen] = {}
        self._digest = 0

    def add(self, raw: Raw) -> None:
        """Take a record. Raises `DataError` for a problem that is there twice or says nothing."""
        content = repr(replace(raw, place=""))
        if isinstance(raw, RawProblem) and raw.answer_labels:
            content += repr(raw.answer_labels)
        digest = hashlib.sha256(content.encode("utf-8", "replace")).digest()
        self._digest += int.from_bytes(digest, "big")
        if isinstance(raw, RawProblem):
            self._add_problem(raw)
        else:
            self.verifications.judge(raw)

    def finish(self) -> list[Problem]:
        """Check that every judged solution exists, write the problems, return them in order."""
        if not self._seen:
            raise DataError("there are no problems in the data")
        counts = self.verifications.by_problem({k: s.indices for k, s in self._seen.items()})
        ordered = sorted(self._seen.values(), key=lambda seen: seen.order)
        rows = (
            seen.row | {"problem_index": i, "n_verifications": counts[seen.problem.id]}
            for i, seen in enumerate(ordered)
        )
        write_table(self._run.problems, "problems", rows)
        problems = [seen.problem for seen in ordered]
        if not (self._trust and self.tally.labels):
            self.tally.unjudged = unjudged(((p.id, p.answer) for p in problems), self._rule)
        return problems

    def digest(self) -> str:
        """Hash (hex) of all records, the same in whatever order they came."""
        return f"{self._digest % 2**256:064x}"

    def _add_problem(self, raw: RawProblem) -> None:
        if earlier := self._seen.get(raw.id):
            raise DataError(
                f"{raw.place}: problem {raw.id!r} is there twice, first in {earlier.place}"
            )
        if not raw.solutions:
            raise DataError(f"{raw.place}: problem {raw.id!r} has no solutions")
        answers = answers_of(raw, self._rule)
        raw = labelled(raw, answers)
        gold = gold_of(raw, answers, self._rule)
        if gold is None and all(one.correct is None for one in raw.solutions):
            raise DataError(
                f"{raw.place}: problem {raw.id!r} has neither an answer nor labelled solutions"
            )
        classes = self._rule.classify(answers, gold)
        indices = _indices(raw)
        self._remember(raw, gold, classes, indices)
        self._write_solutions(raw, indices, answers, classes)

    def _remember(
        self, raw: RawProblem, gold: str | None, classes: AnswerClasses, indices: list[int]
    ) -> None:
        problem = Problem(raw.id, raw.question, gold or "", raw.choices, raw.metadata)
        voters = np.array([one.returned for one in raw.solutions], dtype=np.bool_)
        row = problem_row(
            problem,
            0,
            gold_class=int(classes.gold),
            n_solutions=int(voters.sum()),
            n_verifications=0,
            n_classes=len(set(classes.index[voters].tolist()) - {-1}),
        )
        dense = range(len(indices))
        compact = dense if set(indices) == set(dense) else frozenset(indices)
        self._seen[raw.id] = _Seen(problem, row, raw.order, raw.place, compact)
        self.tally.problems += 1

    def _write_solutions(
        self,
        raw: RawProblem,
        indices: list[int],
        answers: list[str | None],
        classes: AnswerClasses,
    ) -> None:
        tally = self.tally
        shared = prompt_tokens(None, raw.prompt or raw.question)
        ours = classes.correct
        labels = np.array(
            [self._label(one, right) for one, right in zip(raw.solutions, ours, strict=True)]
        )
        voters = np.array([one.returned for one in raw.solutions], dtype=np.bool_)
        tally.split += split_by_label(classes.index[None, voters], labels[None, voters])[1]
        judged = zip(raw.solutions, indices, answers, classes.index, ours, labels, strict=True)
        for place, (one, index, answer, number, right, label) in enumerate(judged):
            solution = Solution(
                problem_id=raw.id,
                index=index,
                text=one.text,
                answer=answer if number >= 0 else None,
                prompt_tokens=shared if one.prompt_tokens is None else one.prompt_tokens,
                completion_tokens=tally.completion(one.tokens, one.text),
                finish_reason=one.finish_reason or IMPORTED,
                mean_logprob=one.mean_logprob,
                returned=one.returned,
                steps=one.steps,
            )
            tally.solutions += 1
            tally.labels += one.correct is not None
            tally.labels_that_differ += one.correct is not None and one.correct != bool(right)
            tally.invalid_answers += int(number) < 0
            tally.solution_tokens += solution.completion_tokens
            tally.solution_prompt_tokens += solution.prompt_tokens
            row = solution_row(
                solution,
                answer_class=int(number),
                correct=bool(label),
                imported_correct=one.correct,
                gold_first_wrong_step=one.first_wrong_step,
                gold_score=classes.score(place),
            )
            self._solutions.write([row])
            for verification in one.verifications:
                known = (verification.prompt,) if verification.prompt else (raw.question, one.text)
                self.verifications.add(raw.id, index, verification, known, raw.place)

    def _label(self, one: RawSolution, ours: bool) -> bool:
        """Whether a solution counts as right."""
        return one.correct if self._trust and one.correct is not None else bool(ours)


def _indices(raw: RawProblem) -> list[int]:
    """Solution numbers: as given, else by position."""
    numbers = [one.index for one in raw.solutions if one.index is not None]
    if not numbers:
        return list(range(len(raw.solutions)))
    if len(numbers) < len(raw.solutions):
        raise DataError(f"{raw.place}: some solutions of problem {raw.id!r} have no number")
    twice, count = Counter(numbers).most_common(1)[0]
    if count > 1:
        raise DataError(f"{raw.place}: solution {twice} of problem {raw.id!r} is there twice")
    return numbers
