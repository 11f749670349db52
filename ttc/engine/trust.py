"""Whether calls fail for their own sake, or because something is wrong with all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ttc.core import Completion, Role
from ttc.engine.failures import MOST, UNSURE, Failures, advice
from ttc.errors import BackendError
from ttc.words import counted

Entry = tuple[bytes, Completion]


class Trust:
    """What a model gave in one role in this run, failures apart.

    A prompt may be too long, or filtered; a wrong max_tokens or a mislaid server fails every call
    in the same way. Which of the two it is shows with the first good answer. Before that, failures
    are held back from the journal, so that a mended recipe or server is asked again. A call that
    was given up may have met a server that died, and one that was refused, a key that has expired:
    those are held back until another good answer.
    """

    def __init__(self, model: str, role: Role, failures: Failures) -> None:
        self._model = model
        self._role = role
        self._failures = failures
        self._good = False
        self._held: list[Entry] = []
        self._problems: set[str] = set()
        self._last: Completion | None = None

    def recall(self, found: Mapping[bytes, Completion]) -> None:
        """Some samples were in the journal."""
        for key, sample in found.items():
            if not sample.error:
                self._good = True
            else:
                self._last = sample
                self._failures.saw(key, sample, self._role, cached=True)

    def weigh(self, problem: str, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Some samples came from the model: those to be journalled now, perhaps earlier ones too.

        Raises `BackendError` where too many problems' answers are failures only.
        """
        failed = [entry for entry in entries if entry[1].error]
        if not failed:
            self._good = True
            self._problems.clear()
            return [*self.let_go(), *entries] if self._held else entries
        for key, sample in failed:
            self._last = sample
            self._failures.saw(key, sample, self._role, cached=False)
        if self._good and failed[0][1].finish_reason not in UNSURE:
            return entries
        self._held += entries
        self._problems.add(problem)
        if len(self._problems) >= MOST:
            raise self._error()
        return ()

    def let_go(self) -> list[Entry]:
        """What was held back, if it can be believed by now."""
        held: list[Entry] = []
        if self._good:
            held, self._held = self._held, held
        return held

    def conclude(self) -> None:
        """Raise `BackendError` where, after all, every answer was a failure."""
        if self._last is not None and not self._good:
            raise self._error()

    def _error(self) -> BackendError:
        assert self._last is not None
        reason, said = self._last.finish_reason, self._last.error
        fix = advice(reason, said, self._role)
        if self._held:
            kept = "nothing of this is kept: mend that and run again"
        else:
            kept = "this is from the journal: mend that and run with engine.retry_failed: true"
        of = counted(len(self._problems), "problem") if self._problems else "the run"
        of = f"the last {of}" if self._good else of
        return BackendError(
            f"every sample ({self._role}) of {of} that {self._model} was asked for failed "
            f"({reason}): {said}; {fix}; {kept}"
        )
