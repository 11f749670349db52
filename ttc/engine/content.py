"""Which samples are the same: their keys and seeds, and which stored sample serves a request.

Log-probabilities are read off a sample and make it no other one. So they are in no key and no seed,
and all that reads a prompt's samples, with or without them, reads the same texts. A stored sample
serves a request for as many log-probabilities or fewer.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cached_property

from ttc.core import Completion, ModelIdentity, Passage, Prompt, SamplingParams, TokenLogprob

_OLDER_ALTERNATIVES = (*range(20, -1, -1), None)  # what requests could ask for, richest first
_OLDER_TAIL = 8  # the first journals kept no more, and later ones kept their keys


def plain(prompt: Prompt) -> dict[str, object]:
    """As `asdict` has it, which takes twice as long."""
    messages = [{"role": m.role, "content": m.content} for m in prompt.messages]
    found: dict[str, object] = {
        "messages": messages,
        "text": prompt.text,
        "prefill": prompt.prefill,
    }
    if isinstance(prompt, Passage):
        found |= {"steps": list(prompt.steps), "kind": prompt.kind}
    return found


class Content:
    """All that determines the samples of a prompt, but for their numbers."""

    def __init__(
        self, model: ModelIdentity, prompt: Prompt, params: SamplingParams, root_seed: int
    ) -> None:
        self._content = {"model": model.scope, "prompt": plain(prompt), "seed": root_seed}
        self._params = params
        self.digest = self._digest(params.bare())
        self._drawn_as: dict[int, bytes] = {}

    def _digest(self, params: SamplingParams) -> bytes:
        content = {**self._content, "params": asdict(params)}
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.blake2b(text.encode(), digest_size=16).digest()

    def key(self, number: int) -> bytes:
        """What a sample is kept under."""
        return _key(self.digest, number)

    def seed(self, number: int) -> int:
        """What a sample is drawn with."""
        digest = hashlib.blake2b(
            self._drawn_as.get(number, self.digest) + number.to_bytes(8, "big"),
            digest_size=4,
            person=b"ttc-seed",
        ).digest()
        return int.from_bytes(digest, "big") & 0x7FFFFFFF

    @cached_property
    def _older(self) -> list[tuple[int | None, bytes]]:
        """Digests that 0.1.0 may have kept this under, by the number of alternatives."""
        kept = self._params.keep_logprobs and min(self._params.keep_logprobs, _OLDER_TAIL)
        old = replace(self._params, keep_logprobs=kept)
        return [(n, self._digest(replace(old, logprobs=n))) for n in _OLDER_ALTERNATIVES]

    def older_keys(self, numbers: Sequence[int]) -> list[bytes]:
        """All keys that 0.1.0 may have kept these samples under."""
        return [_key(digest, number) for number in numbers for _, digest in self._older]

    def older(self, number: int, stored: Mapping[bytes, Completion]) -> Completion | None:
        """The one that 0.1.0 kept of a sample: where it drew several, that with the most
        log-probabilities, whoever asks. Should it have too few, it is drawn anew by its own seed.
        """
        kept = list(self._kept(number, stored))
        for digest, made in [one for one in kept if not one[1].error] or kept:
            self._drawn_as[number] = digest
            return made
        return None

    def _kept(
        self, number: int, stored: Mapping[bytes, Completion]
    ) -> Iterator[tuple[bytes, Completion]]:
        for alternatives, digest in self._older:
            if (made := stored.get(_key(digest, number))) is not None:
                tail = self._params.keep_logprobs
                yield digest, replace(made, alternatives=alternatives, kept=tail)


def _key(digest: bytes, number: int) -> bytes:
    return hashlib.blake2b(
        digest + number.to_bytes(8, "big"), digest_size=16, person=b"ttc-sample"
    ).digest()


def marked(made: Completion, params: SamplingParams) -> Completion:
    """A fresh sample, which from here on tells what log-probabilities it was asked for."""
    return replace(made, alternatives=params.logprobs, kept=params.keep_logprobs)


def serves(made: Completion, alternatives: int | None, kept: int | None) -> bool:
    """Whether a sample has at least these log-probabilities. A failure is the same for all."""
    if alternatives is None or made.error:
        return True
    if made.alternatives is None or made.alternatives < alternatives:
        return False
    whole = made.kept is None or len(made.logprobs) < made.kept
    return whole or (kept is not None and made.kept is not None and kept <= made.kept)


def joined(params: SamplingParams, alternatives: int | None, kept: int | None) -> SamplingParams:
    """A request for the log-probabilities that `params` asks for and for these as well."""
    if alternatives is None:
        return params
    if params.logprobs is None:
        return replace(params, logprobs=alternatives, keep_logprobs=kept)
    whole = kept is None or params.keep_logprobs is None
    most = None if whole else max(kept or 0, params.keep_logprobs or 0)
    return replace(params, logprobs=max(params.logprobs, alternatives), keep_logprobs=most)


def fitted_to(params: SamplingParams, made: Completion) -> Completion:
    """A sample that serves, with no more log-probabilities than were asked for."""
    wanted = (params.logprobs, params.keep_logprobs)
    if made.error or (made.alternatives, made.kept) == wanted:
        return made
    poor = made.alternatives is None
    made = replace(made, alternatives=params.logprobs, kept=params.keep_logprobs)
    if params.logprobs is None:
        return made if poor else replace(made, mean_logprob=None, logprobs=())
    kept = params.keep_logprobs
    tail = made.logprobs if kept is None else made.logprobs[max(0, len(made.logprobs) - kept) :]
    most = params.logprobs
    return replace(made, logprobs=tuple(_trimmed(token, most) for token in tail))


def _trimmed(token: TokenLogprob, most: int) -> TokenLogprob:
    if len(token.top) <= most:
        return token
    best = sorted(token.top, key=lambda text: _rank(token.top[text]))[:most]
    kept = set(best)
    return replace(token, top={text: p for text, p in token.top.items() if text in kept})


def _rank(logprob: float | None) -> float:
    """Likeliest first; what a server did not tell last."""
    return math.inf if logprob is None or logprob != logprob else -logprob
