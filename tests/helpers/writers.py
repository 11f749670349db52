"""Models of a test's own that write judgements, each token with its alternatives."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from attempts import attempt_of

from ttc.attempt.programs import Programs
from ttc.core import (
    Call,
    Capabilities,
    Completion,
    ModelIdentity,
    Problem,
    Prompt,
    SamplingParams,
    Solution,
    TokenLogprob,
    Verification,
)
from ttc.verifiers import VerifierPart

PROBLEM = Problem("p", "What is 2 + 3 - 1?", "4")
Says = Callable[[str, int], "Completion | str"]
_WORD = re.compile(r"\s?\w+|\s|[^\w\s]")


def written(text: str, at: str = "", **ps: float) -> Completion:
    """A completion of a text. at: its last such word has the alternatives `ps`, by probability;
    all others are sure. A token is a word with the space before it.
    """
    found = list(_WORD.finditer(text))
    place = max((i for i, one in enumerate(found) if one[0].strip() == at), default=-1)
    tokens = []
    for i, one in enumerate(found):
        lead = " " if one[0].startswith(" ") else ""
        top = {lead + word.strip("_"): math.log(p) for word, p in ps.items()} if i == place else {}
        tokens.append(TokenLogprob(one[0], top.get(one[0], -0.001), top))
    count = len(tokens)
    return Completion(text, "stop", 5, count, logprobs=tuple(tokens), seconds=1.0, stopped_by="")


class Writer:
    """says(all that stands before, sample number) is what it writes. It stops at stop texts, keeps
    what it was asked, and ends like a budget after `limit` samples.
    """

    def __init__(self, says: Says, limit: int | None = None, logprobs: int = 20) -> None:
        self.says, self.limit = says, limit
        self.capabilities = Capabilities(raw=True, prefill=True, logprobs=logprobs)
        self.identity = ModelIdentity("test", "writer")
        self.asked: list[tuple[str, SamplingParams, int]] = []
        self.given = 0

    async def sample(
        self, prompt: Prompt, params: SamplingParams, n: int, *, start: int = 0, **_: Any
    ) -> list[Completion]:
        text = (prompt.text or "\n".join(m.content for m in prompt.messages)) + prompt.prefill
        self.asked.append((text, params, n))
        left = n if self.limit is None else min(n, self.limit - self.given)
        self.given += left
        return [self._one(text, start + i, params) for i in range(left)]

    def _one(self, text: str, number: int, params: SamplingParams) -> Completion:
        said = self.says(text, number)
        done = written(said) if isinstance(said, str) else said
        found = [(at, stop) for stop in params.stop if (at := done.text.find(stop)) >= 0]
        if found:
            at, stop = min(found)
            done = replace(done, text=done.text[:at], stopped_by=stop)
        return done if params.logprobs is not None else replace(done, logprobs=())


class Sandbox:
    """The sandbox as a model, without an engine between; see `Writer` for `limit`.

    known: what came of programs, which are not run again, as from a journal; gets those of this.
    """

    def __init__(
        self, limit: int | None = None, known: dict[str, list[Completion]] | None = None
    ) -> None:
        self.backend, self.limit = Programs(), limit
        self.known = known
        self.capabilities = Programs.capabilities
        self.identity = ModelIdentity("sandbox", "python")
        self.ran: list[str] = []

    async def sample(self, prompt: Prompt, params: Any, n: int, **_: Any) -> list[Completion]:
        if self.limit is not None and len(self.ran) >= self.limit:
            return []
        text = prompt.text or ""
        self.ran.append(text)
        if self.known is not None and text in self.known:
            return self.known[text]
        done = await self.backend.complete(Call(prompt, params, (0,) * n))
        if self.known is not None:
            self.known[text] = done
        return done


def solution(index: int, text: str, steps: Sequence[str] = ()) -> Solution:
    return Solution("p", index, text, "4", 3, 4, "stop", steps=tuple(steps))


def verify(
    part: VerifierPart,
    judge: Writer,
    texts: Sequence[str],
    sandbox: Sandbox | None = None,
    **models: Any,
) -> list[Verification]:
    """What a verifier says of solutions, by a judge of the test's own."""
    attempt = attempt_of(part, PROBLEM, judge, sandbox=sandbox, **models)
    given = [solution(i, text) for i, text in enumerate(texts)]
    return list(asyncio.run(part.verify(attempt, given)))


def in_turn(replies: Mapping[str, Sequence[str | Completion]]) -> Says:
    """Says of a prompt that ends in a key that key's replies, by the sample's number."""

    def says(text: str, number: int) -> str | Completion:
        key = max((key for key in replies if text.endswith(key)), key=len)
        own = replies[key]
        return own[number % len(own)]

    return says
