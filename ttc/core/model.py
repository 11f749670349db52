"""The seam between methods and models.

Two protocols stand here. A `Backend` turns one `Call` into completions and knows nothing of
experiments: it neither retries, nor counts money, nor remembers. A `Model` is what samplers and
verifiers hold: a backend behind the engine, which adds the journal, the budget, retries and
concurrency.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol, runtime_checkable

Place = tuple[str | int, ...]
"""Whose account it is: `()` a problem's only one; `("solve",)`, `("verify", 0)`, and below these
the branches that a method splits its attempt into."""
Speaker = Literal["system", "user", "assistant"]
Role = str
"""Who was asked, and for what: solver, verifier, draft, reward, critic, router ..."""


@dataclass(frozen=True, slots=True)
class Message:
    """One chat turn."""

    role: Speaker
    content: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """Either chat `messages` or raw `text`, never both.

    `prefill` is the beginning of the assistant's turn that the model must continue; completions
    hold the continuation only. For a raw prompt it is simply appended to `text`.
    """

    messages: tuple[Message, ...] = ()
    text: str | None = None
    prefill: str = ""

    def __post_init__(self) -> None:
        if bool(self.messages) == (self.text is not None):
            raise ValueError("a prompt has either messages or a raw text")


ReadKind = Literal["step_scores", "logprobs"]
"""step_scores: a process reward model's score at each step's end; logprobs: of each token given."""


@dataclass(frozen=True, slots=True)
class Passage(Prompt):
    """Text to be read, not continued: what a prompt is, and `steps` that stand behind it.

    The steps are pieces of text with all that separates them. A `Call` for a passage brings one
    completion, with an empty text, and `scores` for each step or `logprobs` for all their tokens.
    """

    steps: tuple[str, ...] = ()
    kind: ReadKind = "step_scores"

    @property
    def whole(self) -> Prompt:
        """The same text as a prompt."""
        return Prompt(self.messages, self.text, self.prefill + "".join(self.steps))


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """How to sample. `logprobs` is the number of top alternatives wanted per token.

    None asks for no logprobs at all. `keep_logprobs` keeps only the last so many tokens' logprobs
    in the completion (None: all), which is enough to read a verdict and keeps journals small.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int | None = None
    max_tokens: int = 512
    stop: tuple[str, ...] = ()
    logprobs: int | None = None
    keep_logprobs: int | None = None

    def bare(self) -> SamplingParams:
        """The same without log-probabilities, which are read off a sample and make it no other."""
        return replace(self, logprobs=None, keep_logprobs=0)


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a backend for `len(seeds)` samples of one prompt.

    A backend with per-sample seeds uses each; a server that takes one seed per request gets the
    first. The engine always groups the same sample indices into the same call, so both are
    reproducible. `indices` are the samples' numbers under this prompt, as long as `seeds`, or
    empty where the caller keeps none; only a recording asks for them.
    """

    prompt: Prompt
    params: SamplingParams
    seeds: tuple[int, ...]
    indices: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """One sampled token, its log probability (nats) and the top alternatives at its place."""

    token: str
    logprob: float
    top: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Speculated:
    """What it took to draw a sample whose tokens a smaller network drafted.

    rounds: passes of the target over drafts; proposed: tokens that were drafted; accepted: those of
    them that are in the sample. verified, drafted: places that target and draft computed, the
    prompt's apart; verified_context, drafted_context: the tokens that each of these attended to,
    itself included, summed.
    """

    rounds: int = 0
    proposed: int = 0
    accepted: int = 0
    verified: int = 0
    verified_context: int = 0
    drafted: int = 0
    drafted_context: int = 0

    @property
    def discarded(self) -> int:
        """Drafts that are not in the sample."""
        return self.proposed - self.accepted


@dataclass(frozen=True, slots=True)
class Completion:
    """One sample. `prompt_tokens` is the full prompt's length, the same for all of one call.

    `finish_reason` is "stop", "length", "content_filter" or another word of the server's.
    `stopped_by` is the stop text that ended it, "" where it ended otherwise, None where nobody
    knows: most servers say "stop" of both.
    `cached_tokens` are those of the prompt that the server says it had read before.
    `mean_logprob` is over all completion tokens, even where `logprobs` keeps only the last ones.
    `error` is why there is no sample, in the server's words; then the text is empty.

    `alternatives` and `kept` are the `logprobs` and `keep_logprobs` that it was asked with: what it
    can be read for. The engine notes them.

    `requests` that a server billed for it: 0 where it came with another sample's, more than 1 where
    replies were lost; `lost_samples` were asked for by those in vain. The first sample of a reply
    tells what else that held: `surplus` choices that nobody had asked for, with their
    `surplus_tokens`; `gave`, how many samples it brought, where fewer came than were asked for.

    `scores`: of a passage, the reward of each step, from 0 to 1.

    `speculated`: where a smaller network drafted its tokens, the work of both.

    `charged`: the tokens of its prompt that count for this sample; the engine sets it, and 0 where
    another sample of the prompt has paid or all was cached.
    """

    text: str
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int
    mean_logprob: float | None = None
    logprobs: tuple[TokenLogprob, ...] = ()
    seconds: float = 0.0
    requests: int = 1
    lost_samples: int = 0
    error: str = ""
    surplus: int = 0
    surplus_tokens: int = 0
    gave: int = 0
    charged: int = field(default=0, compare=False)
    stopped_by: str | None = None
    cached_tokens: int = 0
    alternatives: int | None = None
    kept: int | None = None
    scores: tuple[float, ...] = ()
    speculated: Speculated | None = None


def fitted(reply: list[Completion], asked: int) -> list[Completion]:
    """A reply's samples, at most as many as were asked for; the first tells what else came."""
    if len(reply) == asked or not reply:
        return reply
    extra = reply[asked:]
    first = replace(
        reply[0],
        surplus=reply[0].surplus + len(extra),
        surplus_tokens=reply[0].surplus_tokens + sum(c.completion_tokens for c in extra),
        gave=len(reply) if len(reply) < asked else 0,
    )
    return [first, *reply[1:asked]]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a backend offers. `max_n` is samples per call (1: no `n`), `logprobs` the most top
    alternatives per token (0: none); `deterministic` means a seed fixes a sample exactly.
    `step_scores`, `text_logprobs`: it reads such passages; see `Passage`.
    """

    chat: bool = True
    raw: bool = False
    max_n: int = 1
    seed: bool = False
    logprobs: int = 0
    prefill: bool = False
    stop: bool = True
    step_scores: bool = False
    hidden_states: bool = False
    text_logprobs: bool = False
    deterministic: bool = False


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """What determines the answers of a model; goes into the journal key and the manifest.

    `revision` is a weight hash, a commit or the server's fingerprint; `variant` stands for what
    else a backend's settings add to or take from every request. `facts` are for people and cost
    models (parameters, context_length, layers ...); they are not part of the journal key. Where a
    smaller network drafts, its `speculation` says which one, and how much there is in a round.
    `endpoint` is where it is served; `served_as` the user's word for it, which holds elsewhere too.
    Neither may ever hold a key or a password.
    """

    backend: str
    model: str
    endpoint: str = ""
    revision: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    variant: str = ""
    served_as: str = ""

    @property
    def scope(self) -> list[str]:
        """What its samples are kept and shared under.

        The same weights behind two addresses are one model; without a revision, only a user can
        tell, by `served_as`.
        """
        named = [self.backend, self.model, self.revision or self.served_as or self.endpoint]
        return [*named, self.variant] if self.variant else named


@runtime_checkable
class Backend(Protocol):
    """A kind of model access. One event loop uses it at a time; `close` frees what it holds."""

    @property
    def capabilities(self) -> Capabilities: ...

    async def identify(self) -> ModelIdentity:
        """Reach the model and say what it is. Raises `BackendError` when that is impossible."""
        ...

    async def complete(self, call: Call) -> list[Completion]:
        """Sample `len(call.seeds)` completions.

        Raises `RetryableError`, `CallFailed` (this call only) or `BackendError` (every call).
        """
        ...

    def count_tokens(self, prompt: Prompt) -> int | None:
        """Exact prompt length where the tokenizer is at hand, else None (the ledger then reserves
        one token per byte, which no byte-level tokenizer exceeds).
        """
        ...

    async def close(self) -> None: ...


@runtime_checkable
class Reader(Protocol):
    """A backend's second verb: it reads passages, as its capabilities say of which kind."""

    async def read(self, call: Call) -> list[Completion]:
        """What it reads in the call's `Passage`, as one completion. Raises as `complete` does."""
        ...


@runtime_checkable
class RemoteBackend(Backend, Protocol):
    """A backend whose model is served elsewhere, by one server or several of the same model.

    It names its servers, and the engine, which learns how each of them fares, says which one takes
    a call. `complete` leaves the choice to the backend.
    """

    @property
    def endpoints(self) -> tuple[str, ...]:
        """The servers' addresses, without credentials. Fixed, and all different."""
        ...

    async def complete_at(self, call: Call, endpoint: str) -> list[Completion]:
        """As `complete`, by this server."""
        ...

    async def check(self, endpoint: str) -> None:
        """Raise `BackendError` where the server is plainly not well. Costs nothing."""
        ...


class Model(Protocol):
    """A backend behind the engine, as attempts see it."""

    def content(self, prompt: Prompt, params: SamplingParams) -> bytes:
        """What tells samples of one prompt from those of others."""
        ...

    def worst(
        self, prompt: Prompt, params: SamplingParams, cached: int
    ) -> Callable[[int], Mapping[Any, float]]:
        """Amounts by unit that so many samples can't exceed."""
        ...

    def amounts(self, drawn: Completion) -> Mapping[Any, float]:
        """Amounts by unit that one sample counts."""
        ...

    def drafted(self, drawn: Completion) -> tuple[float, float] | None:
        """Of a sample that a smaller network drafted: FLOPs of that one, and of the model for what
        was discarded; None for any other, and where they are not known.
        """
        ...

    @property
    def capabilities(self) -> Capabilities: ...

    @property
    def identity(self) -> ModelIdentity: ...

    def expect(self, params: SamplingParams) -> None:
        """Somebody will ask for samples in this way.

        Samples are the same with or without log-probabilities, but those drawn without have none.
        So whoever asks in the same way, these apart, has them drawn too, though not shown.
        """
        ...

    async def sample(
        self,
        prompt: Prompt,
        params: SamplingParams,
        n: int,
        *,
        problem_id: str,
        role: Role = "solver",
        start: int = 0,
        place: Place = (),
        cached: int = 0,
    ) -> Sequence[Completion]:
        """Samples `start .. start + n - 1` of this prompt, in order.

        place: whose account pays, of those that the problem has. cached: how many of the prompt's
        first tokens this attempt has had computed before; all of them where it is so many.

        Fewer than `n` come back where the budget ends first. Mostly they are the first ones; where
        a reply was lost and there is no money to ask again, its samples are left out and later ones
        that were paid for take their places: samples of a prompt are exchangeable, so the caller
        numbers what it gets. Samples already journalled cost nothing and are not repeated.
        A sample that failed for good has an empty text and its reason as `finish_reason`.
        """
        ...
