"""Reading given texts: step scores of the reward network, log-probabilities of any network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ttc.nano.errors import ContextOverflow, NoRewardHead
from ttc.nano.model import padded
from ttc.nano.products import BLOCK, single_threaded
from ttc.nano.tokenizer import TOKENIZERS, Tokenizer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ttc.nano.engine import NanoModel

_AT_ONCE = 256
Found = TypeVar("Found")


@dataclass(frozen=True)
class Text:
    """A prompt, and pieces of text behind it, each encoded by itself."""

    prompt: str
    pieces: Sequence[str]
    tokenizer: Tokenizer = TOKENIZERS["base"]

    @cached_property
    def ids(self) -> list[int]:
        """Token ids of all."""
        encode = self.tokenizer.encode
        return [*encode(self.prompt), *(i for piece in self.pieces for i in encode(piece))]

    @cached_property
    def ends(self) -> list[int]:
        """The position of each piece's last token."""
        encode = self.tokenizer.encode
        at = len(encode(self.prompt)) - 1
        return [at := at + len(encode(piece)) for piece in self.pieces]

    @property
    def length(self) -> int:
        """In tokens."""
        return len(self.ids)


def step_scores(model: NanoModel, texts: Sequence[Text]) -> list[list[float]]:
    """For each text the probability at each piece's end, that all is right up to it.

    Raises `NoRewardHead` for a network without the head, `ContextOverflow` for a text too long.
    """
    head = model.forward.reward
    if head is None:
        raise NoRewardHead(model.info.name)

    def scores(text: Text, state: NDArray[np.float32]) -> list[float]:
        odds = np.add.reduce(state[text.ends] * head, axis=1)
        found: list[float] = (1 / (1 + np.exp(-odds.astype(np.float64)))).tolist()
        return found

    return _read(model, texts, scores)


def token_logprobs(model: NanoModel, texts: Sequence[Text]) -> list[list[tuple[str, float]]]:
    """For each text the tokens of its pieces, each with its log-probability after all before it.

    Raises `ContextOverflow` for a text too long. An empty prompt gives its first token no
    probability: it is left out.
    """

    def logprobs(text: Text, state: NDArray[np.float32]) -> list[tuple[str, float]]:
        first = max(1, len(text.tokenizer.encode(text.prompt)))
        ids = text.ids[first:]
        if not ids:
            return []
        rows = np.zeros((padded(len(ids), BLOCK), state.shape[1]), dtype=np.float32)
        rows[: len(ids)] = state[first - 1 : first - 1 + len(ids)]
        logits = model.forward.out(rows)[: len(ids)].astype(np.float64)
        logits -= logits.max(axis=1, keepdims=True)
        chosen = logits[np.arange(len(ids)), ids] - np.log(np.exp(logits).sum(axis=1))
        return [(text.tokenizer.decode([i]), float(p)) for i, p in zip(ids, chosen, strict=True)]

    return _read(model, texts, logprobs)


def _read(
    model: NanoModel, texts: Sequence[Text], look: Callable[[Text, NDArray[np.float32]], Found]
) -> list[Found]:
    """What is seen in the hidden states of each text, (tokens, width), some texts at a time."""
    for text in texts:
        if text.length > model.info.context_length:
            raise ContextOverflow(text.length, model.info.context_length)
    out: list[Found] = []
    with single_threaded():
        for start in range(0, len(texts), _AT_ONCE):
            some = texts[start : start + _AT_ONCE]
            states = model.forward.states([text.ids for text in some])
            out += [look(text, state) for text, state in zip(some, states, strict=True)]
    return out
