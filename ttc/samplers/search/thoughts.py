"""Thoughts of a set length: cut off, gone on with, or made to go on, and answered by force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ttc.core import Ask, Attempt, Prompt, Sample, SamplingParams


@dataclass(frozen=True)
class Marks:
    """Texts around a thought. opening: what it begins with; end: what ends it; force: what begins
    the answer of one that was cut off; wait: what makes one go on that would end.
    """

    opening: str
    end: str
    force: str
    wait: str


@dataclass
class Thought:
    """A thought as far as it is written.

    prompt: what it stands behind; waits: how often it may still be made to go on; cut: whether it
    has not come to its mark; over: whether it ended without one, as a reply that is its own answer
    does; grown: by something since it was answered last.
    """

    prompt: Prompt
    marks: Marks
    waits: int = 0
    text: str = ""
    tokens: int = 0
    cut: bool = True
    closed: bool = False
    over: bool = False
    grown: bool = True
    samples: list[Sample] = field(default_factory=list)

    def ask(self, params: SamplingParams, length: int) -> Ask:
        """More of it, to so many tokens in all."""
        stop = (*params.stop, self.marks.end) if self.marks.end else params.stop
        params = replace(params, max_tokens=length - self.tokens, stop=stop)
        return self._behind(self.marks.opening + self.text, params)

    def take(self, sample: Sample) -> bool:
        """More of it has come; whether it goes on to the same length, since it was made to."""
        done = sample.completion
        self.samples.append(sample)
        self.text += done.text
        self.tokens += done.completion_tokens
        self.grown = True
        if done.finish_reason == "length":
            return False
        if self.waits and not done.error:
            self.waits -= 1
            self.text += self.marks.wait
            return True
        # A server that does not say what stopped it has seen the mark, most likely.
        marked = bool(self.marks.end) and done.stopped_by in (None, self.marks.end)
        self.cut = bool(done.error) or not marked
        self.over = not done.error and not marked
        self.closed = True
        return False

    @property
    def ending(self) -> str:
        """What parts it from its answer."""
        if not self.cut:
            return self.marks.end
        line = "" if not self.text or self.text.endswith("\n") else "\n"
        return line + self.marks.end + self.marks.force

    def answer(self, params: SamplingParams) -> Ask:
        """Its answer, as far as it is now."""
        return self._behind(self.marks.opening + self.text + self.ending, params)

    def with_answer(self, text: str) -> tuple[str, str]:
        """What is thought and what is said; joined, a solution's text."""
        return self.marks.opening + self.text + self.ending, text

    def _behind(self, text: str, params: SamplingParams) -> Ask:
        prompt = replace(self.prompt, prefill=self.prompt.prefill + text)
        return Ask(prompt, params, after=self.samples[-1] if self.samples else None)


async def grow(
    attempt: Attempt, thoughts: Sequence[Thought], params: SamplingParams, length: int
) -> None:
    """All thoughts to so many tokens, or to where they end or the budget does."""
    going = list(thoughts)
    while going := [one for one in going if not one.closed and one.tokens < length]:
        rows = await attempt.sample(*[one.ask(params, length) for one in going])
        going = [one for one, row in zip(going, rows, strict=True) if row and one.take(row[0])]
