"""How far a fit is, for whoever waits for it."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Takes what is fitted, how many resamples are done, of all methods together, and of how many."""


class Steps:
    """Counts the resamples of all methods, each of which takes about the same time."""

    def __init__(self, progress: Progress | None, methods: int, draws: int) -> None:
        self._progress = progress
        self._methods, self._total = methods, methods * draws
        self._begun = self._done = 0

    def of(self, method: str) -> Callable[[], None]:
        """What to call after each resample of a method, which begins now."""
        self._begun += 1
        several = f" ({self._begun} of {self._methods})" if self._methods > 1 else ""
        text = f"{method}{several}"
        self._tell(text)

        def done() -> None:
            self._done += 1
            self._tell(text)

        return done

    def _tell(self, text: str) -> None:
        if self._progress is not None:
            self._progress(text, self._done, self._total)
