"""Raw verifications to the verifications table, in whatever order they come."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Mapping
from contextlib import ExitStack

from ttc.core import Verification
from ttc.errors import DataError
from ttc.importing.judging import Judging, score_of, verdict_of
from ttc.importing.records import RawJudgement, RawVerification
from ttc.importing.tally import Tally, prompt_tokens
from ttc.store.rows import verification_row
from ttc.store.run_folder import RunFolder
from ttc.store.tables import TableWriter, open_table

IMPORTED = "imported"  # finish reason where the data gives none
_Key = tuple[str, int, str]  # problem, solution, verifier


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
        verdict = verdict_of(raw)
        made = Verification(
            problem_id=problem,
            solution_index=solution,
            index=self._number((problem, solution, name), raw.index, place),
            verifier=name,
            text=raw.text,
            verdict=verdict,
            p_yes=raw.p_yes,
            score=score_of(raw, verdict, self._options.score),
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
