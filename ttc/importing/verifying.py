"""Raw verifications to the verifications table, in whatever order they come."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Mapping
from contextlib import ExitStack
from typing import Any

from ttc.core import Verification
from ttc.errors import DataError
from ttc.importing.judging import Aggregate, Judging, score_of, verdict_of
from ttc.importing.records import RawJudgement, RawVerification
from ttc.importing.tally import Tally, prompt_tokens
from ttc.store.rows import verification_row
from ttc.store.run_folder import RunFolder
from ttc.store.tables import TableWriter, open_table, scan_rows, write_table

IMPORTED = "imported"  # finish reason where the data gives none
_Key = tuple[str, int, str]  # problem, solution, verifier


SQUASH = "(1 + r / (1 + |r|)) / 2"


def squashed(reward: float) -> float:
    """A reward of any size in (0, 1), the greater the better: (1 + r / (1 + |r|)) / 2.

    One and the same whatever else there is, so that runs compare. Rewards that differ by less than
    a part in 10^8 may tie where they are as large as 10^4.
    """
    return (1 + reward / (1 + abs(reward))) / 2


def _named(step: int | None) -> int | None:
    """The step that is found wrong, None for no step."""
    return None if step is None or step < 0 else step


class VerificationSink:
    """Numbers, judges and writes verifications. The table appears with the first of them.

    Remembers a counter per verified solution and verifier, and no text.
    """

    def __init__(self, run: RunFolder, options: Judging, tally: Tally, stack: ExitStack) -> None:
        self._run = run
        self._options = options
        self._tally = tally
        self._stack = stack
        self._writer: TableWriter | None = None
        self._counts: Counter[_Key] = Counter()
        self._given: defaultdict[_Key, set[int]] = defaultdict(set)
        self._places: dict[tuple[str, int], str] = {}
        self.unbounded: dict[str, None] = {}

    @property
    def verifiers(self) -> list[str]:
        """Names of the verifiers met."""
        return list(dict.fromkeys(name for _, _, name in self._counts))

    def judge(self, raw: RawJudgement) -> None:
        """Take verifications that came apart from their solution, which is checked at the end."""
        self._places.setdefault((raw.problem_id, raw.solution_index), raw.place)
        for one in raw.verifications:
            self.add(raw.problem_id, raw.solution_index, one, (one.prompt,), raw.place)

    def add(
        self,
        problem: str,
        solution: int,
        raw: RawVerification,
        prompt: tuple[str | None, ...],
        place: str,
    ) -> None:
        """Take one verification; `prompt` is what is known of its prompt."""
        name = raw.verifier or self._options.verifier
        aggregate = self._options.aggregate or "min"
        verdict = verdict_of(raw, aggregate)
        self._note_range(name, raw, aggregate, place)
        made = Verification(
            problem_id=problem,
            solution_index=solution,
            index=self._number((problem, solution, name), raw.index, place),
            verifier=name,
            text=raw.text,
            verdict=verdict,
            p_yes=raw.p_yes,
            score=score_of(raw, verdict, self._options.score, aggregate),
            prompt_tokens=prompt_tokens(raw.prompt_tokens, *prompt),
            completion_tokens=self._tally.completion(raw.tokens, raw.text),
            finish_reason=raw.finish_reason or IMPORTED,
            step_scores=raw.step_scores,
            first_wrong_step=_named(raw.first_wrong_step),
        )
        if self._writer is None:
            table = open_table(self._run.verifications, "verifications")
            self._writer = self._stack.enter_context(table)
        self._writer.write([verification_row(made)])
        self._tally.verifications += 1
        self._tally.invalid_verdicts += made.score is None
        self._tally.verification_tokens += made.completion_tokens
        self._tally.verification_prompt_tokens += made.prompt_tokens

    def _note_range(self, name: str, raw: RawVerification, how: Aggregate, place: str) -> None:
        """Note a verifier whose scores are no probabilities."""
        beyond = [one for one in raw.step_scores if not 0 <= one <= 1]
        if beyond and how == "prod" and raw.score is None:
            raise DataError(
                f"{place}: a step scores {beyond[0]:g}, and a product is of scores from 0 to 1; "
                "choose --aggregate last, min or mean"
            )
        if beyond or not (raw.score is None or 0 <= raw.score <= 1):
            self.unbounded.setdefault(name)

    def squash(self) -> None:
        """Bring the scores of unbounded rewards into [0, 1], in their order; see `squashed`.

        To be called once the tables are closed. What they were stands in `raw_score`.
        """
        if not self.unbounded:
            return
        rows = scan_rows(self._run.verifications, "verifications")
        write_table(self._run.verifications, "verifications", map(self._squashed, rows))

    def _squashed(self, row: dict[str, Any]) -> dict[str, Any]:
        if row["verifier"] not in self.unbounded or row["score"] is None:
            return row
        said = row["text"] or row["p_yes"] is not None or row["first_wrong_step"] is not None
        return row | {
            "score": squashed(row["score"]),
            "raw_score": row["score"],
            "step_scores": [squashed(one) for one in row["step_scores"]],
            # no 1/2 of a reward says right or wrong
            "verdict": row["verdict"] if said or not row["step_scores"] else None,
        }

    def _number(self, key: _Key, given: int | None, place: str) -> int:
        """The verification's number: as given, else the next one."""
        self._counts[key] += 1
        if given is None:
            return self._counts[key] - 1
        if given in self._given[key]:
            problem, solution, _ = key
            raise DataError(
                f"{place}: verification {given} of solution {solution} of problem {problem!r} "
                "is there twice"
            )
        self._given[key].add(given)
        return given

    def by_problem(self, solutions: Mapping[str, Container[int]]) -> Counter[str]:
        """Verifications by problem. Raises `DataError` where a judged solution is not there."""
        for (problem, solution), place in self._places.items():
            if problem not in solutions:
                raise DataError(f"{place}: verifies problem {problem!r}, which is not in the data")
            if solution not in solutions[problem]:
                raise DataError(
                    f"{place}: verifies solution {solution} of problem {problem!r}, which is not "
                    "in the data"
                )
        totals: Counter[str] = Counter()
        for (problem, _, _), count in self._counts.items():
            totals[problem] += count
        return totals
