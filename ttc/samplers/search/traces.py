"""Solutions written bit by bit, with the solver's confidence in each token."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ttc.core import Ask, Sample
from ttc.verdicts.confidence import group_means, token_confidences


@dataclass
class Trace:
    """A solution on its way. sure: of each token, its confidence in nats. failed: a sample of it
    did, so that it has no end.
    """

    text: str = ""
    samples: list[Sample] = field(default_factory=list)
    sure: list[float] = field(default_factory=list)
    ended: bool = False
    failed: bool = False

    def add(self, sample: Sample, top: int, asked: int, longest: int) -> None:
        """A sample more of it. top: alternatives that make a confidence; asked: tokens of the
        sample at most; longest: of the solution.
        """
        done = sample.completion
        self.text += done.text
        self.samples.append(sample)
        self.sure += token_confidences(done.logprobs, top)
        written = sum(one.completion.completion_tokens for one in self.samples)
        # A sample may be shorter than asked for where the model's context is full.
        cut = done.finish_reason == "length" and done.completion_tokens >= asked
        self.ended = not cut or written >= longest
        self.failed = bool(done.error)

    def further(self, ask: Ask) -> Ask:
        """What goes on with it, of the ask that began it."""
        prompt = replace(ask.prompt, prefill=ask.prompt.prefill + self.text)
        return replace(ask, prompt=prompt, n=1, after=self.samples[-1])

    def lowest(self, window: int) -> float:
        """The least mean confidence of so many tokens in a row; 0 where nothing is known."""
        return min(group_means(self.sure, window)) if self.sure else 0.0

    def fell(self, window: int, threshold: float) -> bool:
        """Whether that of a whole window is below a threshold."""
        return len(self.sure) >= window and self.lowest(window) < threshold
