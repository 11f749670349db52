"""What an import counts as it goes, and how tokens are counted where the data doesn't say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Tally:
    """What was imported so far; the progress callback may read it at any time."""

    problems: int = 0
    solutions: int = 0
    verifications: int = 0
    labels: int = 0
    """Solutions whose label came with the data."""
    labels_that_differ: int = 0
    """... and contradicts our judgement."""
    split: int = 0
    """Problems in which labels disagree about equal answers."""
    unjudged: str = ""
    """What is to be said of gold answers that the rule can't judge."""
    invalid_answers: int = 0
    invalid_verdicts: int = 0
    solution_prompt_tokens: int = 0
    solution_tokens: int = 0
    verification_prompt_tokens: int = 0
    verification_tokens: int = 0
    given_counts: int = 0
    """Completions whose token count came with the data."""
    estimated_counts: int = 0
    unknown_counts: int = 0
    """Completions without a count and without a text to estimate it from."""

    def completion(self, given: int | None, text: str) -> int:
        """A completion's tokens: as given, else estimated."""
        if given is not None:
            self.given_counts += 1
            return given
        self.estimated_counts += 1
        self.unknown_counts += not text
        return estimate_tokens(text)

    @property
    def token_counts(self) -> str:
        """given, estimated or mixed; over completions, since prompts rarely come counted."""
        if self.given_counts and self.estimated_counts:
            return "mixed"
        return "estimated" if self.estimated_counts else "given"


Progress = Callable[[Tally], None]


def estimate_tokens(text: str) -> int:
    """Rough token count of a text: its words, but at least one token per four characters."""
    return max(len(text.split()), -(-len(text) // 4))


def prompt_tokens(given: int | None, *texts: str | None) -> int:
    """A prompt's tokens: as given, else estimated from the texts known to be in it."""
    if given is not None:
        return given
    return sum(estimate_tokens(text) for text in texts if text)
