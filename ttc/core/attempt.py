"""What a method holds: one attempt at a problem."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from ttc.core.model import (
    Capabilities,
    Completion,
    Prompt,
    ReadKind,
    SamplingParams,
    TokenLogprob,
)
from ttc.core.nouns import Problem, Solution, Verification
from ttc.core.programs import Executed, Program

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample that an attempt got. number: in order of the attempt's samples.

    after: the number of the sample that it continues, None where it begins. prompt: what it was
    asked for by.
    """

    number: int
    completion: Completion
    prompt: Prompt = field(compare=False)
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """`n` samples of one prompt.

    by: the field of the asking part that names the model; where a part has no `backend`, that of
    the part it stands in, or the recipe's. after: the sample that the prompt continues. known:
    where that is another model's, the last one of this model whose prompt, and as much of its text
    as stands there, the prompt begins with: that is not counted again.
    """

    prompt: Prompt
    params: SamplingParams
    n: int = 1
    by: str = "backend"
    after: Sample | None = None
    known: Sample | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """Text that a model is to read, not to continue.

    steps: the pieces of text behind the prompt, with all that separates them. kind: what is wanted,
    the score of each step, or the log-probability of each of their tokens. by, after: as of an
    `Ask`.
    """

    prompt: Prompt
    steps: tuple[str, ...]
    kind: ReadKind = "step_scores"
    by: str = "backend"
    after: Sample | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """What a reading gave: `scores` from 0 to 1, one a step, or `logprobs` of the tokens in nats.

    error: why there is nothing, in the model's words; then both are empty, and finish_reason is the
    failure's name. prompt_tokens: length of all that was read.
    """

    number: int
    scores: tuple[float, ...] = ()
    logprobs: tuple[TokenLogprob, ...] = ()
    error: str = ""
    prompt_tokens: int = 0
    seconds: float = 0.0
    finish_reason: str = "read"


class Attempt(Protocol):
    """The only thing that samplers and verifiers hold. Gold answers are out of its reach.

    What is asked through it is journalled, counted against the budget and replayed when the run
    goes on. So that this gives the same samples again, a method takes its randomness from `rng`,
    looks at no clock, and has one request under way at a time; a second one raises `UsageError`.
    What is to go out together goes into one `sample`; lines of work that wait for themselves only
    are branches of a `split`.
    """

    @property
    def problem(self) -> Problem:
        """The problem, without its gold answer."""
        ...

    @property
    def default_prompt(self) -> str:
        """The prompt template of the dataset, for a sampler that names none."""
        ...

    @property
    def rng(self) -> np.random.Generator:
        """Follows from the recipe's seed, the problem and the branch; its parts share it."""
        ...

    @property
    def refused(self) -> bool:
        """Whether the budget or the run's time has refused a sample: no more will come."""
        ...

    def capabilities(self, by: str = "backend") -> Capabilities:
        """What the model behind a field of the part offers."""
        ...

    async def sample(self, *asks: Ask) -> list[list[Sample]]:
        """The samples of each ask, in its order; fewer than asked where the budget ends.

        Asks are admitted in their order. Samples are new ones, also where the same was asked for
        before: those of equal asks are independent. A sample that failed has an empty text and its
        reason as `finish_reason`.
        """
        ...

    async def read(self, *readings: Reading) -> list[Read]:
        """What models say of given texts, in this order; fewer than asked where the budget ends.

        Equal readings give the same, and are paid for once.
        """
        ...

    async def execute(self, *programs: Program) -> list[Executed]:
        """What came of programs, in this order, run in the sandbox; fewer where the budget ends.

        They run side by side, count as calls, and are kept as samples are. The part declares
        `executes`. Raises `UsageError` where it does not.
        """
        ...

    async def judge(self, verifier: Any, solutions: Sequence[Solution]) -> list[Verification]:
        """The verifications of a verifier that the part holds (`VerifierRef`), which are stored."""
        ...

    def split(self, *shares: float) -> list[Attempt]:
        """Branches that may be under way side by side, each with a share of what is left.

        What one leaves comes back when the attempt itself goes on. The shares sum to 1 at most.
        """
        ...

    def answer(self, solution: Solution) -> None:
        """Were the attempt stopped now, this would be its answer; it is noted with what it cost.

        Of a method that gives one answer, curves show how good the last one is within a budget.
        """
        ...

    def solution(self, text: str, of: Sequence[Sample], steps: Sequence[str] = ()) -> Solution:
        """A solution with its answer, numbered in turn. of: the samples that it is made of."""
        ...

    def samples(self, solution: Solution) -> Sequence[Sample]:
        """The samples that a solution of this attempt is made of, with their prompts.

        For those who go on in the same context, or read the solver's own probabilities: they have
        `completion.logprobs` where the sampler asked for them and kept them.
        """
        ...

    def classes(self, solutions: Sequence[Solution]) -> NDArray[np.int32]:
        """(solutions,) which of them have equal answers: class numbers, -1 for no answer."""
        ...
