"""Batched sampling with a key-value cache; rows come and go while others are under way.

A sample depends on weights, prompt, parameters and its own seed, bit for bit, whoever shares its
batch: the forward pass is computed in blocks of fixed shape (see `model`), attention runs over a
length that the row's own position fixes, and random numbers come from a counter-based generator
keyed by seed and position.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from ttc.nano.cache import Batch
from ttc.nano.model import MASKED, Ints
from ttc.nano.products import Floats
from ttc.nano.tokenizer import EOS, PAD, UNK, Tokenizer

if TYPE_CHECKING:
    from ttc.nano.engine import Ticket

SEED_BITS = 2**64 - 1
TokenInfo = tuple[str, float, dict[str, float]]


@dataclass(frozen=True)
class SampleJob:
    """Samples of one prompt, one for each seed. `logprobs`: top alternatives wanted, None: none.

    `keep_logprobs` keeps those of the last so many tokens only. Temperature 0 is greedy. Any
    integer is a seed; those equal modulo 2**64 are the same.
    """

    prompt: str
    seeds: tuple[int, ...]
    max_tokens: int
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int | None = None
    stop: tuple[str, ...] = ()
    logprobs: int | None = None
    keep_logprobs: int | None = None


@dataclass(frozen=True)
class Sample:
    """One completion; its end mark counts as a token. Logprobs are nats at temperature 1.

    `stopped_by`: the stop text that ended it, if one did. `effort`: what speculation took, if any.
    """

    text: str
    finish_reason: Literal["stop", "length"]
    prompt_tokens: int
    completion_tokens: int
    mean_logprob: float | None
    logprobs: tuple[TokenInfo, ...] = ()
    stopped_by: str = ""
    effort: Effort | None = None


@dataclass
class Effort:
    """What speculation took for one sample.

    rounds: the target's passes; proposed: tokens that were drafted; accepted: those of them that
    the sample has; verified, drafted: places that target and draft computed, prompt apart;
    verified_context, drafted_context: for each of these, the tokens before it and itself, summed.
    """

    rounds: int = 0
    proposed: int = 0
    accepted: int = 0
    verified: int = 0
    verified_context: int = 0
    drafted: int = 0
    drafted_context: int = 0


@dataclass
class Row:
    """One sample under way. `ids` are the tokens so far, `room` how many it may have.

    `effort` is kept where its tokens are drafted; `lags`: the draft has not read the last but one.
    """

    job: SampleJob
    prompt: list[int]
    seed: int
    room: int
    tokenizer: Tokenizer
    ids: list[int] = field(default_factory=list)
    total: float = 0.0
    infos: list[TokenInfo] = field(default_factory=list)
    text: str = ""
    ticket: tuple[Ticket, int] | None = None
    effort: Effort | None = None
    lags: bool = False

    @property
    def length(self) -> int:
        return len(self.prompt) + len(self.ids)


def uniforms(seeds: NDArray[np.uint64], counters: NDArray[np.uint64]) -> NDArray[np.float64]:
    """One number in [0, 1) for each (seed, counter): two rounds of the SplitMix64 finaliser."""
    with np.errstate(over="ignore"):
        z = _mix(seeds * np.uint64(0x9E3779B97F4A7C15) + np.uint64(0xD1B54A32D192ED03))
        z = _mix(z ^ (counters * np.uint64(0xBF58476D1CE4E5B9) + np.uint64(0x94D049BB133111EB)))
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mix(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def choose(rows: Sequence[Row], logits: Floats) -> tuple[Ints, Floats]:
    """Next token of each row, and log probabilities (rows, vocab) at temperature 1."""
    p, log_p = weigh([row.job for row in rows], logits)
    steps = np.cumsum(p, axis=1, dtype=np.float64)
    seeds = np.array([row.seed & SEED_BITS for row in rows], dtype=np.uint64)
    u = uniforms(seeds, np.array([row.length for row in rows], dtype=np.uint64))
    greedy = np.array([row.job.temperature == 0 for row in rows], dtype=np.bool_)
    # Strictly above, so that a token of probability zero is never taken.
    token = (steps > (u * steps[:, -1])[:, None]).argmax(axis=1)
    return np.where(greedy, logits.argmax(axis=1), token), log_p


def weigh(jobs: Sequence[SampleJob], logits: Floats) -> tuple[Floats, Floats]:
    """Of each row's tokens (rows, vocab): what they are drawn by, up to a factor, as its job has
    it, at temperature 0 as at 1; and log probabilities at temperature 1. Bars, in place, the tokens
    that are never drawn.
    """
    logits[:, [PAD, UNK]] = MASKED
    top = logits.max(axis=1, keepdims=True)
    log_p = logits - top - np.log(np.exp(logits - top).sum(axis=1, keepdims=True))
    temperature = np.array([job.temperature or 1 for job in jobs], dtype=np.float32)
    p = np.exp((logits - top) / temperature[:, None])
    _truncate(p, jobs)
    return p, log_p


def _truncate(p: Floats, jobs: Sequence[SampleJob]) -> None:
    """Apply top-k and top-p in place, on the rows that ask for them."""
    for i, job in enumerate(jobs):
        k, mass = job.top_k, job.top_p
        if k is None and mass >= 1:
            continue
        order = np.argsort(-p[i], kind="stable")
        cumulated = np.cumsum(p[i][order]) / p[i].sum()
        kept = 1 + int(np.searchsorted(cumulated, mass)) if mass < 1 else len(order)
        p[i][order[min(kept, k or kept) :]] = 0


def advance(batch: Batch) -> list[tuple[Row, Sample]]:
    """One token for every row; returns the rows that ended, which leave the batch."""
    rows = batch.rows
    tokens, log_p = choose(rows, batch.logits())
    picked = log_p[np.arange(len(tokens)), tokens].tolist()
    ended: list[tuple[Row, Sample]] = []
    alive = np.ones(len(rows), dtype=np.bool_)
    for i, (row, token) in enumerate(zip(rows, tokens.tolist(), strict=True)):
        sample = take(row, token, picked[i], log_p[i])
        if sample is not None:
            alive[i] = False
            ended.append((row, sample))
    batch.keep(alive)
    return ended


def take(row: Row, token: int, logprob: float, log_p: Floats) -> Sample | None:
    """Give a row its next token; the sample, where that ends it."""
    row.ids.append(token)
    row.total += logprob
    if row.job.logprobs is not None and row.job.keep_logprobs != 0:
        _note(row, token, log_p)
    reason = _ending(row, token)
    return None if reason is None else _sample(row, reason)


def _ending(row: Row, token: int) -> Literal["stop", "length"] | None:
    if token == EOS:
        return "stop"
    if row.job.stop:
        newest = row.tokenizer.texts[token]
        row.text += newest
        # A stop text can only end within the newest token.
        tail = row.text[-(max(map(len, row.job.stop)) + len(newest)) :]
        if any(stop in tail for stop in row.job.stop):
            return "stop"
    return "length" if len(row.ids) >= row.room else None


def _note(row: Row, token: int, log_p: Floats) -> None:
    wanted = row.job.logprobs or 0
    best = np.argsort(-log_p, kind="stable")[:wanted]
    # Tokens without a text (the end mark) show as the empty text.
    texts = row.tokenizer.texts
    row.infos.append((texts[token], float(log_p[token]), {texts[j]: float(log_p[j]) for j in best}))
    if row.job.keep_logprobs is not None:
        del row.infos[: -row.job.keep_logprobs]


def _sample(row: Row, reason: Literal["stop", "length"]) -> Sample:
    text = row.tokenizer.decode(row.ids)
    found = ((at, stop) for stop in row.job.stop if (at := text.find(stop)) >= 0)
    cut, stop = min(found, key=lambda one: one[0], default=(len(text), ""))
    asked = row.job.logprobs is not None
    return Sample(
        text=text[:cut],
        finish_reason=reason,
        prompt_tokens=len(row.prompt),
        completion_tokens=len(row.ids),
        mean_logprob=row.total / len(row.ids) if asked else None,
        logprobs=tuple(row.infos),
        stopped_by=stop,
        effort=row.effort,
    )
