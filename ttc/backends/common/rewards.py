"""How published process reward models want steps laid out, and where their scores are read.

All are facts of the checkpoints and of the code that their authors publish with them:

- math-shepherd (arXiv 2312.08935): question and steps as one text, each step ends in the tag `ки`;
  at the tag, the odds of `+` against `-` as next token.
- skywork (Skywork-o1-Open-PRM): the question as a line behind the BOS token, each step as a line;
  at its line break, the sigmoid of a linear head (`v_head`).
- qwen (Qwen2.5-Math-PRM, arXiv 2501.07301): a chat whose last turn is the steps, each followed by
  `<extra_0>`; there, the second of two labels of a two-layer head (`score`).
- rlhflow (Llama3.1-8B-PRM): each step is a user's turn, the first with the question before it, and
  is answered by `+`; where that is to come, the odds of `+` against `-`.
- plain: prompt and steps as they are; a score at the last token of each.

Tokenizers are elsewhere: `pieces` says what to tokenize, and `layout` puts the tokens together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ttc.core import Message, Passage
from ttc.errors import CallFailed

RewardFormat = Literal["math-shepherd", "skywork", "qwen", "rlhflow"]
_TAG, _SEPARATOR = "ки", "<extra_0>"
_QWEN_SYSTEM = "Please reason step by step, and put your final answer within \\boxed{}."


@dataclass(frozen=True, slots=True)
class Text:
    """A text to tokenize. begins: with the special tokens that a text begins with, if any."""

    text: str
    begins: bool = False


@dataclass(frozen=True, slots=True)
class Chat:
    """Turns to tokenize by the model's template. answer: with the beginning of the next answer."""

    messages: tuple[Message, ...]
    answer: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """What the model reads, and the place of each step's score among its tokens.

    words: the tokens for a good and for a bad step, where the score is the odds of one against the
    other; else it is that of a head.
    """

    ids: tuple[int, ...]
    places: tuple[int, ...]
    words: tuple[int, int] | None = None


def pieces(form: RewardFormat | Literal["plain"], passage: Passage) -> list[Text | Chat]:
    """What is to be tokenized, for `layout`. Raises `CallFailed` where there is no step."""
    if not passage.steps:
        raise CallFailed("there is no step to score", "no_steps")
    steps = [step.strip() for step in passage.steps]
    if form == "plain":
        return [Text(_raw(passage), True), *map(Text, passage.steps)]
    steps[0] = passage.prefill + steps[0]
    if form == "math-shepherd":
        said = "\n".join(f"{step} {_TAG}" for step in steps)
        return [Text(f"{_question(passage)} {said}", True), Text(_TAG), Text("+"), Text("-")]
    if form == "skywork":
        return [Text(f"{_question(passage)}\n", True), Text("\n"), *map(Text, steps)]
    if form == "qwen":
        said = "".join(step.replace(_SEPARATOR, "") + _SEPARATOR for step in steps)
        turns = passage.messages or (Message("user", _question(passage)),)
        if turns[0].role != "system":
            turns = (Message("system", _QWEN_SYSTEM), *turns)
        return [Chat((*turns, Message("assistant", said))), Text(_SEPARATOR)]
    return [*_turns(passage, steps), Text("+"), Text("-")]


def _turns(passage: Passage, steps: Sequence[str]) -> list[Chat]:
    """The chat of rlhflow up to each of its answers."""
    chats: list[Chat] = []
    turns: tuple[Message, ...] = ()
    for i, step in enumerate(steps):
        said = step if i else f"{_question(passage)} {step}"
        turns = (*turns, Message("user", said))
        chats.append(Chat(turns, answer=True))
        turns = (*turns, Message("assistant", "+"))
    return chats


def layout(
    form: RewardFormat | Literal["plain"], passage: Passage, ids: Sequence[Sequence[int]]
) -> Layout:
    """The tokens of a passage's `pieces`, put together. Raises `CallFailed` where the places of the
    scores can't be told.
    """
    n = len(passage.steps)
    if not all(ids[1:]):
        raise CallFailed("a step, or the mark of its end, is no token", "step_places")
    if form == "plain":
        return _joined(ids[0], ids[1:])
    if form == "skywork":
        (end,) = ids[1][-1:]
        return _joined(ids[0], [(*step, end) for step in ids[2:]])
    if form == "rlhflow":
        chats = ids[:n]
        if any(list(chats[-1][: len(one)]) != list(one) for one in chats):
            raise CallFailed("the chat template writes earlier turns anew", "step_places")
        places = tuple(len(one) - 1 for one in chats)
        return Layout(tuple(chats[-1]), places, (ids[n][-1], ids[n + 1][-1]))
    tag = ids[1][-1]
    places = tuple(i for i, token in enumerate(ids[0]) if token == tag)
    if len(places) != n:
        raise CallFailed(f"{len(places)} tokens end a step, of {n} steps", "step_places")
    words = (ids[2][-1], ids[3][-1]) if form == "math-shepherd" else None
    return Layout(tuple(ids[0]), places, words)


def _joined(prompt: Sequence[int], steps: Sequence[Sequence[int]]) -> Layout:
    """Pieces that are tokenized each by itself; the score is at the end of each."""
    ids, places = list(prompt), []
    for step in steps:
        ids += step
        places.append(len(ids) - 1)
    return Layout(tuple(ids), tuple(places))


def _question(passage: Passage) -> str:
    """The problem: the last user's turn, or a raw prompt."""
    if passage.text is not None:
        return passage.text.strip()
    turns = [m.content for m in passage.messages if m.role == "user"]
    return (turns or [m.content for m in passage.messages])[-1].strip()


def _raw(passage: Passage) -> str:
    """All that stands before the steps, as one text."""
    turns = "\n".join(m.content for m in passage.messages)
    return (passage.text if passage.text is not None else turns) + passage.prefill
